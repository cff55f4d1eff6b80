"""Receive webhooks in a Django project, here in a single file.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
python django_app.py runserver 8000 --noreload

Register https://your.host/webhooks/docuparse at the provider.
"""

import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.urls import include, path

from paperhook import DocumentCompleted, Webhooks
from paperhook.adapters.django import urls
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


urlpatterns = [path("webhooks/", include(urls(hooks)))]

settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only-for-this-example",
)

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
