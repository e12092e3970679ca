"""Import names of distributions whose two names differ, so that one can be told without installing the other."""

from __future__ import annotations

import re

_MODULES = """
antlr4-python3-runtime=antlr4 attrs=attr|attrs azure-identity=azure azure-storage-blob=azure beautifulsoup4=bs4
biopython=Bio cattrs=cattr|cattrs confluent-kafka=confluent_kafka discord-py=discord django-cors-headers=corsheaders
django-filter=django_filters django-debug-toolbar=debug_toolbar djangorestframework=rest_framework dnspython=dns
docker-py=docker elasticsearch-dsl=elasticsearch_dsl factory-boy=factory faiss-cpu=faiss fonttools=fontTools
gevent-websocket=geventwebsocket gitpython=git google-api-python-client=googleapiclient|apiclient google-auth=google
google-cloud-bigquery=google google-cloud-pubsub=google google-cloud-storage=google google-genai=google
google-generativeai=google googleapis-common-protos=google grpcio=grpc grpcio-tools=grpc_tools ipython=IPython
jaraco-classes=jaraco js2py=js2py kafka-python=kafka kubernetes-asyncio=kubernetes_asyncio llama-index=llama_index
markdown=markdown markdown-it-py=markdown_it markupsafe=markupsafe matplotlib=matplotlib|mpl_toolkits|pylab
memory-profiler=memory_profiler msgpack-python=msgpack mysql-connector-python=mysql mysqlclient=MySQLdb
opencv-contrib-python=cv2 opencv-python=cv2 opencv-python-headless=cv2 opentelemetry-api=opentelemetry
opentelemetry-sdk=opentelemetry paho-mqtt=paho pillow=PIL protobuf=google psycopg2-binary=psycopg2 py-cpuinfo=cpuinfo
pycryptodome=Crypto pycryptodomex=Cryptodome pygithub=github pygobject=gi pyjwt=jwt pymupdf=fitz|pymupdf pymysql=pymysql
pynacl=nacl
pyopengl=OpenGL pyopenssl=OpenSSL pyparsing=pyparsing pyserial=serial pysocks=socks pytest-django=pytest_django
python-dateutil=dateutil python-decouple=decouple python-docx=docx python-dotenv=dotenv python-gitlab=gitlab
python-hcl2=hcl2 python-jose=jose python-ldap=ldap|ldif python-levenshtein=Levenshtein python-magic=magic
python-multipart=multipart|python_multipart python-pptx=pptx python-slugify=slugify python-socketio=socketio
python-telegram-bot=telegram pywin32=win32api|win32con|win32gui|pythoncom|pywintypes|win32com pyyaml=yaml pyzmq=zmq
ruamel-yaml=ruamel scikit-image=skimage scikit-learn=sklearn sentry-sdk=sentry_sdk setuptools=setuptools|pkg_resources
slack-sdk=slack_sdk snowflake-connector-python=snowflake sqlalchemy-utils=sqlalchemy_utils strawberry-graphql=strawberry
tree-sitter=tree_sitter typing-extensions=typing_extensions uuid-utils=uuid_utils websocket-client=websocket
werkzeug=werkzeug wxpython=wx zope-interface=zope
"""
MODULES_BY_DISTRIBUTION: dict[str, tuple[str, ...]] = {
    name: tuple(modules.split("|")) for name, _, modules in (entry.partition("=") for entry in _MODULES.split())
}
"""Normalised distribution name → its top-level modules. Not complete: see ``may_provide`` for the rest."""


def normalised(distribution: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def may_provide(distribution: str, module: str) -> bool:
    """Whether a distribution outside the table may well hold ``module``: one name contains the other."""
    theirs, wanted = (re.sub(r"[^a-z0-9]", "", name.lower()) for name in (distribution, module))
    return bool(theirs and wanted) and (theirs in wanted or wanted in theirs)
