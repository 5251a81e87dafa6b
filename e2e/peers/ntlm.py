"""Lets people in by NTLMv2, as pyspnego judges it, to a face of Exchange that knows the calendars of one mailbox.

    ntlm.py PORT        accounts are in the file $NTLM_USER_FILE, a line each: DOMAIN:USER:PASSWORD
"""

import base64
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

os.environ["LM_COMPAT_LEVEL"] = "5"  # nothing older than NTLMv2

import spnego

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SPACES = (
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
)
BIN = '<t:Folder><t:FolderId Id="Ymlu" ChangeKey="AQ=="/><t:DisplayName>Deleted Items</t:DisplayName></t:Folder>'


def calendar(id, name):
    return (
        f'<t:CalendarFolder><t:FolderId Id="{id}" ChangeKey="AQ=="/><t:ParentFolderId Id="cm9vdA==" ChangeKey="AQ=="/>'
        f"<t:DisplayName>{name}</t:DisplayName>"
        "<t:EffectiveRights><t:CreateContents>true</t:CreateContents></t:EffectiveRights></t:CalendarFolder>"
    )


MAIN, OTHER = calendar("bWFpbg==", "Calendar"), calendar("b3RoZXI=", "Rehearsals")
# What each operation tells, in as many messages as it is asked for things.
TOLD = {
    "GetFolder": [f"<m:Folders>{folder}</m:Folders>" for folder in (MAIN, BIN)],
    "FindFolder": [
        '<m:RootFolder TotalItemsInView="2" IncludesLastItemInRange="true">'
        f"<t:Folders>{MAIN}{OTHER}</t:Folders></m:RootFolder>"
    ],
}


def answer(body):
    """The answer to an envelope; none to what is not known here."""
    operation = ElementTree.fromstring(body).find(f"{{{SOAP}}}Body")[0].tag.split("}")[1]
    if operation not in TOLD:
        return None
    messages = (
        f'<m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{told}'
        f"</m:{operation}ResponseMessage>"
        for told in TOLD[operation]
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"{SPACES}><s:Body><m:{operation}Response>'
        f"<m:ResponseMessages>{''.join(messages)}</m:ResponseMessages></m:{operation}Response></s:Body></s:Envelope>"
    )


class Connection(BaseHTTPRequestHandler):
    """One connection, and who is signed in on it: nobody else is."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    talk = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asks = self.listen(self.headers.get("Authorization", ""))
        if not (self.talk and self.talk.complete):
            return self.say(401, "", ("WWW-Authenticate", asks))
        told = answer(body)
        self.say(200 if told else 501, told or "", ("Content-Type", "text/xml; charset=utf-8"))

    def listen(self, word):
        """Hears a client's half of the sign-in; what is asked back."""
        if not word.startswith("NTLM "):
            return "NTLM"
        if self.talk is None or self.talk.complete:
            self.talk = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        try:
            asks = self.talk.step(base64.b64decode(word[5:]))
            return f"NTLM {base64.b64encode(asks).decode()}" if asks else "NTLM"
        except spnego.exceptions.SpnegoError as refused:
            self.log_message("refused: %s", refused)
            self.talk = None
            return "NTLM"

    def say(self, status, body, header):
        self.send_response(status)
        self.send_header(*header)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Connection).serve_forever()
