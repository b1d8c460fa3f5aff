from django.urls import path

import api.ids  # noqa: F401  # registers <id:…>
from ledger import views

urlpatterns = [
    path("accounts", views.Accounts.as_view()),
    path("accounts/<id:id>", views.AccountDetail.as_view(), name="account"),
    path("transfers", views.Transfers.as_view()),
    path("transfers/<id:id>", views.TransferDetail.as_view(), name="transfer"),
]
