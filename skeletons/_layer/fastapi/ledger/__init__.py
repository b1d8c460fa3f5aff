"""The sample domain: accounts, and transfers of money between them."""
