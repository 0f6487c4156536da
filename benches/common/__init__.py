"""Shared code of the scripts: binaries, sites, servers, connections, percentiles and tables.

Standard library only. Nothing here measures.
"""
