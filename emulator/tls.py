"""A certificate authority for one run: its key never leaves this process."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


def server_context(ca_file: Path) -> ssl.SSLContext:
    """A context for 127.0.0.1 and localhost; writes the certificate of its authority."""
    authority = trustme.CA(organization_name="Emulator", organization_unit_name="loopback only")
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
