"""Microsoft Entra through Microsoft Graph v1.0."""
