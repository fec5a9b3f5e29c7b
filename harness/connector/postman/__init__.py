"""Postman collections, read as the custom connector wizard reads them."""
