"""Receive webhooks beside a Django project under ASGI.

export DOCUPARSE_API_KEY=... DOCUPARSE_WEBHOOK_SECRET=...
uvicorn django_asgi_app:application --port 8000

Register https://your.host/webhooks/docuparse at the provider.
"""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import DocumentCompleted, Webhooks
from paperhook.providers import DocuParse
from paperhook.schemas import Invoice

hooks = Webhooks(DocuParse.from_env())


@hooks.on(DocumentCompleted)
async def book(event: DocumentCompleted) -> None:
    invoice = event.result.parse(Invoice)
    print(f"booked {invoice.vendor}: {invoice.total} {invoice.currency}", flush=True)


async def home(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"Django's own page\n")


urlpatterns = [path("", home)]

settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only-for-this-example",
)

application = Starlette(
    routes=[Mount("/webhooks", hooks.asgi()), Mount("/", get_asgi_application())], lifespan=hooks.lifespan
)
