"""Dynamic providers on Microsoft Graph."""
