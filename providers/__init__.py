"""The dynamic providers: what azuread lacks, and Zoom's settings.

Module paths and class names below are written into every tenant's state: never rename one
(tests/providers/test_golden.py pins them).
"""
