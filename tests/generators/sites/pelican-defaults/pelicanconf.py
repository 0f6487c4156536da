AUTHOR = 'Nell Marsh'
SITENAME = 'Evening Choir'
SITEURL = ""

PATH = "content"

TIMEZONE = 'Europe/Rome'

DEFAULT_LANG = 'en'

FEED_ALL_ATOM = None
DEFAULT_PAGINATION = 10
