"""One file for each document API."""
