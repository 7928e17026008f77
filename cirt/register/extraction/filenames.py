"""Names of files, told from hosts by their extensions, and those that nobody looks for."""

# ruff: noqa: SIM905  (lists of words read best as text)
import re
from functools import lru_cache

from cirt.objects.observables import values

# Extensions of files that incidents are about. One that is a top-level domain too makes a file only if it
# is in FILE_FIRST and the name has two parts ("invoice.zip").
EXTENSIONS = frozenset(
    """
    exe dll sys drv ocx cpl scr pif bat cmd ps1 psm1 psd1 vbs vbe js jse wsf wsh hta msi msp msix msc mst
    appx lnk url jar class apk xapk aab ipa dex elf bin dat tmp dmp ko dylib deb rpm dmg pkg doc docx
    docm dot dotm dotx rtf xls xlsx xlsm xlsb xlam xll xlt xltm csv ppt pptx pptm ppsx ppam one pub odt ods odp pdf
    xps chm hlp wps accdb mdb iqy slk
    zip rar 7z gz tgz tar bz2 xz cab ace arj lzh iso img vhd vhdx udf r00 z01 zst py pyc sh pl php php5 phtml asp aspx
    ashx asmx jsp jspx war ear cgi htm html shtml xhtml mht mhtml svg xml xsl json txt eml msg ics vcf bak old cfg conf ini
    reg inf sct wsc key pem crt cer der p12 pfx kdbx sql db sqlite evtx evt pcap pcapng vmdk ova locked suspected
    png jpg jpeg gif bmp tif tiff webp ico mp3 mp4 wav avi mkv ttf swf psd
    """.split()
)
SOURCES = frozenset("py js json sh pl php html xml cfg ini conf sql txt yml yaml toml".split())
FILE_FIRST = frozenset({"zip", "py", "sh", "mov", "ps"})
_FILE_ALWAYS = FILE_FIRST - {"sh"}
_EVERYDAY_STEMS = frozenset(
    "readme license config settings main app index test tests utils models views manage deploy build run setup appsettings"
    " log4j log4j2 logback".split()
)
_EVERYDAY_ENDS = frozenset("py js ts json sh ini cfg conf xml yml yaml toml sql".split())
# Names that every project or site has; nobody looks for them.
_EVERYDAY_FILES = frozenset(
    """
    readme.txt license.txt robots.txt index.html index.htm index.php default.asp default.aspx favicon.ico package.json
    package-lock.json composer.json tsconfig.json manifest.json settings.json config.json setup.py main.py app.py
    manage.py __init__.py conftest.py requirements.txt pom.xml web.xml style.js main.js index.js app.js bundle.js
    jquery.js jquery.min.js setup.cfg tox.ini pytest.ini php.ini my.cnf config.php wp-config.php wp-login.php xmlrpc.php
    sitemap.xml install.sh build.sh run.sh test.py utils.py models.py views.py tests.py
    """.split()
)
# Of a build: "app.config.js", "main.3f2a9b1c.js".
_BUILT = re.compile(
    r"[\w-]+\.(?:config|conf|spec|test|stories|module|[0-9a-f]{8,20})\.[cm]?[jt]s\Z"
)
SOFTWARE = frozenset(
    """
    asp.net ado.net vb.net ml.net paint.net socket.io node.js vue.js next.js nuxt.js react.js
    angular.js express.js three.js d3.js chart.js moment.js backbone.js ember.js require.js
    discord.js bun.sh deno.land crates.io boost.asio system.io system.net
    """.split()
)
_TWO = 2  # labels, as in "invoice.zip"


@lru_cache(maxsize=4096)
def is_file(written: str) -> bool:
    """Whether dotted words are rather a file than a host."""
    labels = written.split(".")
    extension = labels[-1].lower()
    if written.lower() in SOFTWARE:
        return False
    if extension in _FILE_ALWAYS or (extension in EXTENSIONS and "_" in labels[-2]):
        return True  # nobody can register a name with an underscore
    if extension in FILE_FIRST or (extension == "so" and written.startswith("lib")):
        return len(labels) == _TWO or labels[-2].lower() in EXTENSIONS
    return extension in EXTENSIONS and not values.is_suffix(extension)


def is_everyday(name: str) -> bool:
    """Whether a file's name is one that every project has."""
    low = name.lower()
    stem, _, end = low.rpartition(".")
    is_plain = stem in _EVERYDAY_STEMS and end in _EVERYDAY_ENDS
    return is_plain or low in _EVERYDAY_FILES or _BUILT.match(low) is not None
