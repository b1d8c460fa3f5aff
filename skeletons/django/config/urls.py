from django.urls import include, path

urlpatterns = [
    path("", include("api.health")),
    path("", include("ledger.urls")),
]
