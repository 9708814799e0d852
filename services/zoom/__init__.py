"""Zoom's published REST API."""
