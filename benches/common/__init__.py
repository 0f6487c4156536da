"""What the scripts share: binaries, sites, servers, one connection, percentiles and tables.

Standard library only. Nothing here measures.
"""
