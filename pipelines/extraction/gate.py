"""Is a page an article at all? Listings, challenges, consent pages, error pages that answer 200, empty pages."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.records import Outcome, Rejected
from language.normalize import fold
from pipelines.extraction import jsonld
from pipelines.extraction.content import Content
from pipelines.extraction.jsonld import Node
from pipelines.extraction.metadata import Head

_CHALLENGE_TITLE = re.compile(
    r"^\W*(?:just a moment|attention required|access denied|acces refuse|acces interdit|checking your browser|ddos-guard|security check|un instant|un momento|please wait|verify(?:ing)? (?:you are|that you)"
    r"|verification (?:de securite|en cours|requise)|are you a (?:robot|human)|you have been blocked|request (?:blocked|rejected)|pardon our interruption|robot check|bot verification|human verification|captcha|لحظه من فضلك|جاري التحقق|التحقق من)"
)
_CHALLENGE_MARKS = re.compile(
    r"/cdn-cgi/challenge-platform|cf-browser-verification|cf_chl_|cf-turnstile|challenges\.cloudflare\.com|captcha-delivery\.com|_incapsula_resource|px-captcha|perimeterx|geo\.captcha|ddos-guard|sucuri_cloudproxy|g-recaptcha|h-captcha|aes\.js|slowaes|__test=|awswaf"
)
_CONSENT_TITLE = re.compile(
    r"^\W*(?:before you continue|avant de continuer|avant d'acceder|consent(?:ement)?\b|your privacy|votre vie privee|nous respectons votre vie privee|we value your privacy|cookie (?:consent|wall)|gerer (?:vos|les) cookies)"
)
_ERROR_TITLE = re.compile(
    r"^\W*(?:(?:error|erreur|خطا)?\W*(?:404|403|410|500|502|503)\b|(?:la )?page (?:introuvable|non trouvee|inexistante|not found|demandee)|not found|page not found|oups|oops|contenu introuvable|article introuvable|cet article n'existe|"
    r"file not found|site (?:en )?maintenance|maintenance\b|service unavailable|bad gateway|internal server error|database error|erreur (?:interne|de connexion)|الصفحه (?:غير موجوده|المطلوبه غير|التي)|صفحه غير موجوده|غير موجود|لم يتم العثور|عذرا\W|عفوا\W|المقال غير موجود)"
    r"|\b404\b\W*$|page (?:introuvable|non trouvee|not found)|الصفحه غير موجوده"
)
_LISTING_CLASS = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|search|search-results|error404|author|date|paged|post-type-archive)(?=\s|$)"
)
_SINGLE_CLASS = re.compile(
    r"(?:^|\s)(?:single|single-post|postid-\d+|article|node-type-article|page-node-type-article)(?=\s|$)"
)
# Some outlets leave the full stop out; none writes a paragraph without a comma.
_SENTENCE = re.compile(r"[.!?؟…،,;؛](?:\s|$)")
_FEED = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,500}?-->\s*)*<(?:rss|feed|urlset|sitemapindex|rdf:RDF|opml)\b", re.DOTALL
)


def not_html(text: str, content_type: str | None) -> Rejected | None:
    """Rejects feeds, sitemaps, JSON and scripts."""
    if _FEED.match(text[:3000]):
        return Rejected(Outcome.NOT_ARTICLE, "a feed or a sitemap")
    beginning = text.lstrip()[:1]
    kind = (content_type or "").lower()
    if beginning in "{[" and ("json" in kind or "<" not in text[:500]):
        return Rejected(Outcome.NOT_ARTICLE, "JSON")
    if "javascript" in kind or "text/css" in kind:
        return Rejected(Outcome.NOT_ARTICLE, kind)
    return None


def before(tree: HtmlElement, head: Head, node: Node | None, statements: list[Node], url: str) -> Rejected | None:
    """Rejects what shows before the text is read: challenges, consent pages, error pages."""
    title = fold(head.title)
    if node is not None:
        return None
    visible = ""
    if _CHALLENGE_TITLE.search(title) or _CONSENT_TITLE.search(title) or _ERROR_TITLE.search(title):
        visible = _visible(tree)
        if len(visible) < 3000:
            if _CHALLENGE_TITLE.search(title):
                return Rejected(Outcome.WALL, f"a challenge: {head.title[:80]}")
            if _CONSENT_TITLE.search(title):
                return Rejected(Outcome.WALL, f"a consent page: {head.title[:80]}")
        if _ERROR_TITLE.search(title):
            return Rejected(Outcome.NOT_ARTICLE, f"an error page: {head.title[:80]}")
    return None


def _visible(tree: HtmlElement) -> str:
    return " ".join(
        text
        for text in tree.xpath("//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]")
        if not text.isspace()
    )


def _listing_signs(tree: HtmlElement, head: Head, statements: list[Node], title: str, content: Content) -> list[str]:
    """What makes a page without a declared article look like a list of others."""
    body = tree.find("body")
    classes = (body.get("class") or "").lower() if body is not None else ""
    lines = content.lines
    signs = []
    if _LISTING_CLASS.search(classes) and not _SINGLE_CLASS.search(classes):
        signs.append("its class")
    if jsonld.is_listing(statements):
        signs.append("its schema.org type")
    if head.first("og:type").lower() == "website":
        signs.append("its og:type")
    if head.links.get("next") or head.links.get("prev"):
        signs.append("further pages")
    if sum(1 for element in tree.iter("article") if next(element.iterancestors("article"), None) is None) >= 5:
        signs.append("many articles")
    if content.linked >= max(6, len(lines)):
        signs.append("lines of links")
    if len(title.split()) <= 3:
        signs.append("its title")
    if sum(1 for line in lines if line.endswith(("...", "…", "[...]", "[…]"))) >= 3:
        signs.append("excerpts")
    unended = [line for line in lines if len(line) < 140 and line.rstrip("\"'»”’)] ")[-1:] not in tuple(".!?؟:;")]
    if len(lines) >= 8 and len(unended) >= 0.8 * len(lines):
        signs.append("lines like headlines")
    return signs


def after(
    tree: HtmlElement, head: Head, node: Node | None, statements: list[Node], url: str, title: str, content: Content
) -> Rejected | None:
    """Rejects what shows when the text is there: no text, listings, tickers, galleries."""
    text = "\n".join(content.lines)
    # Chinese and Japanese put no spaces between words.
    count = max(len(text.split()), len(text) // 12)
    stated = node is not None or head.first("og:type").lower() == "article"
    body = tree.find("body")
    classes = (body.get("class") or "").lower().split() if body is not None else []
    if "error404" in classes:
        return Rejected(Outcome.NOT_ARTICLE, "an error page")
    if count < 40 and node is None:
        sources = [script.get("src") or script.text or "" for script in tree.iter("script", "iframe")]
        if _CHALLENGE_MARKS.search(" ".join(sources)[:200_000].lower()) and len(_visible(tree)) < 1500:
            return Rejected(Outcome.WALL, "a challenge")
    if count < 80 and node is None:
        for element in tree.iter("h1", "h2"):
            if _ERROR_TITLE.search(fold(element.text_content()[:200])):
                return Rejected(Outcome.NOT_ARTICLE, "an error page")
    if content.linked >= 5 and count < 25:
        return Rejected(Outcome.NOT_ARTICLE, "a listing: its text is links")
    if count == 0:
        return Rejected(Outcome.EMPTY, "no text")
    if node is None:
        if count < 80 and jsonld.is_gallery(statements):
            return Rejected(Outcome.NOT_ARTICLE, "a gallery, by its schema.org type")
        address = urlsplit(url)
        if address.path in ("", "/") and not address.query:
            return Rejected(Outcome.NOT_ARTICLE, "a home page")
        if content.leads_on and not stated:
            return Rejected(Outcome.NOT_ARTICLE, "a listing: links follow its heading")
        signs = _listing_signs(tree, head, statements, title, content)
        prose = sum(
            len(line) for line in content.lines if len(line) >= 140 and not line.endswith(("...", "…", "[...]", "[…]"))
        )
        # Some systems call every page an article: that takes more to be disbelieved, and so does what begins with a long
        # paragraph or has many of them.
        if len(signs) >= 2 + stated + (prose > 1500) + (prose > 4000) + (len(content.lines[0]) > 300):
            return Rejected(Outcome.NOT_ARTICLE, f"a listing, by {', '.join(signs)}")
        if not stated and count >= 5 and not any(len(line) >= 60 and _SENTENCE.search(line) for line in content.lines):
            return Rejected(Outcome.NOT_ARTICLE, "no sentence in its text")
    if count < (8 if stated else 25):
        return Rejected(Outcome.EMPTY if count < 5 else Outcome.NOT_ARTICLE, f"only {count} words of text")
    return None
