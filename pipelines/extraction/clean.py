"""What stands in an article's body and is not the article: recognised by its words, line by line.

All patterns are matched against the folded line (language.normalize.fold): lower case, without accents, hamza seats and
harakat, ة as ه, ى as ي.
"""

from __future__ import annotations

import re

from language.normalize import fold

SHORT = 260
"""Characters; a longer line is prose whatever it begins with."""

_BULLET = r"^[\W_]*"

RELATED = re.compile(
    _BULLET
    + r"(?:(?:a |et |et a |nos |notre )?(?:lire|relire|voir|revoir|ecouter|consulter|decouvrir)(?: aussi| egalement| encore| notre| nos| l'article| sur| plus)?\s*(?:[:>»|]|$|-\s)"
    r"|(?:a )?(?:lire|voir|ecouter|decouvrir|regarder) (?:aussi|egalement|par ailleurs)\b|lire (?:la suite|plus|l'article|l'integralite|notre)\b"
    r"|(?:sur|dans) le meme (?:sujet|theme)|dans la (?:meme )?(?:rubrique|categorie)\b|(?:articles?|contenus?|sujets?|videos?) (?:lies?|similaires?|connexes?|associes?|recommandes?|relatifs?)\b"
    r"|(?:vous aimerez|vous pourriez|cela pourrait|ca pourrait|ceci pourrait|a decouvrir) (?:aussi|egalement|aimer|vous)|pour aller plus loin\s*[:.]?$|plus d'infos? (?:sur|dans)|en savoir plus\s*[:.>»]?$|plus d'informations dans notre"
    r"|(?:read|see|watch) (?:also|more|too)\b|also read\b|related (?:articles?|posts?|news|stories)|you may also like"
    r"|(?:اقرا|اقروا|اقراي|شاهد|شاهدوا|طالع|تابع|انظر|للمزيد|استمع|قد تقرا|ايضا)\s*(?:ايضا|كذلك|المزيد|اكثر|اقرا|على|حول)?\s*(?:[:>»|]|\.\.\.|$|-\s)"
    r"|(?:اقرا|اقروا|اقراي|شاهد|شاهدوا|طالع|تابع|انظر) (?:ايضا|كذلك|المزيد|اكثر)\b|لقراءه المزيد|للمزيد من (?:الاخبار|التفاصيل|المعلومات)|(?:مواضيع|مقالات|اخبار|مواد|قصص) (?:ذات صله|مرتبطه|مشابهه|متعلقه|اخري)|ذات صله\s*:?$|قد (?:يهمك|يعجبك)\b|في نفس (?:الموضوع|السياق)\s*:?$|مقالات ذات\b)"
)

PAYWALL = re.compile(
    r"il vous reste [\d.,]+\s*% de (?:cet|ce|l'|la)|la suite (?:de l'article |de cet article )?est reservee|(?:article|contenu|reserve|reservee|reserves) (?:reserve )?(?:a nos |aux |a tous nos )abonnes|^[\W_]*(?:deja )?abonnee? ?\?"
    r"|^[\W_]*(?:pour |afin de )?(?:lire|acceder|poursuivre|continuer)[^.]{0,60}(?:abonne|illimite|la suite|votre lecture|connect)|^[\W_]*(?:abonnez-vous|je m'abonne|s'abonner|deja abonnee?|se connecter|identifiez-vous|connectez-vous|creez un compte|offrir cet article|vous etes abonne)\b"
    r"|subscribe to (?:read|continue)|هذا (?:المقال|المحتوي) (?:مخصص|متاح) (?:ل|فقط)|للمشتركين فقط|اشترك (?:الان )?(?:لقراءه|لمتابعه|للاطلاع)|لقراءه (?:المقال|بقيه) كاملا"
)

SUBSCRIBERS = re.compile(r"abonn|r[ée]serv[ée]|subscri|مشترك|اشترك", re.IGNORECASE)
"""A look at the unfolded line, ahead of PAYWALL."""
_WORD = re.compile(r"[^\W_]")

NOTICES = re.compile(
    _BULLET
    + r"(?:temps de lecture|duree de lecture|lecture\s*:?\s*\d+\s*min|\d+\s*(?:min|mn|minutes?)(?: de lecture| read)?\s*$|reading time|(?:مده|وقت|زمن) القراءه|\d+\s*(?:دقيقه|دقائق|دقايق)(?: قراءه| للقراءه)?\s*$"
    r"|(?:nous utilisons|ce site utilise|notre site utilise)[^.]{0,40} cookies|en (?:poursuivant|continuant) (?:votre|sur|a )[^.]{0,80}(?:cookies|accept|navigation)|(?:ce|cet) (?:contenu|video|encart|element)[^.]{0,80}(?:cookies|bloque)|(?:accepter|gerer|parametrer) (?:les|mes|vos) cookies|يستخدم (?:هذا )?(?:الموقع|موقعنا)[^.]{0,60}(?:كوكيز|الارتباط)|نستخدم ملفات تعريف الارتباط"
    r"|votre adresse (?:e-?mail|de messagerie|electronique|mail) ne sera pas|les champs obligatoires|laisser? un commentaire|ajouter un commentaire|(?:soyez le premier a|connectez-vous pour) commenter|(?:\d+ )?commentaires?\s*(?:\(?\d*\)?)\s*$|reagir a cet article|les commentaires (?:sont|de)|lire les commentaires|charte (?:de moderation|d'utilisation)|your email address will not be published"
    r"|(?:اترك|اضف|اكتب) (?:تعليقا?|ردا?|رد)\b|لن يتم نشر عنوان بريدك|التعليقات (?:الواردة|المنشوره|مغلقه)|(?:ان )?(?:الاراء|التعليقات|المقالات) (?:الوارده|المنشوره|المعبر)[^.]{0,90}(?:لا تعبر|لا تعكس|تعبر عن راي|اصحابها)|ننصحك بمراجعه|شروط (?:النشر|التعليق|الاستخدام)|يرجي الالتزام"
    r"|(?:suivez|retrouvez|rejoignez)(?:-| )nous|suivez (?:toute )?l'actualite (?:sur|de|en)|retrouvez (?:toute )?l'actualite|(?:inscrivez|abonnez)(?:-| )vous (?:a |gratuitement|sur )|recevez (?:nos|notre|l'essentiel|chaque|toute)|telechargez (?:notre|l'app)|activez les notifications|partager? (?:cet article|sur|l'article)|partager\s*:?$|cliquez ici pour|follow us|share this"
    r"|(?:تابعونا|تابعنا|تابعوا|انضم|انضموا|اشترك|اشتركوا|حمل|حملوا) (?:علي|الي|في|عبر|الان|تطبيق|قناه|صفحه|اخر|جديد|اهم|معنا|ب)|شارك(?:ها|ه|وا)?(?: المقال| الخبر| هذا)?\s*:?$|مشاركه\s*:?$|طباعه\s*:?$"
    r"|(?:passer la )?publicite\s*$|annonce\s*$|advertisement\s*$|(?:ا)?علان(?:ات)?\s*$|la suite apres (?:cette|la) publicite|publi-?redactionnel\s*$|sponsorise\s*$|article sponsorise"
    r"|ecouter (?:cet|l') ?article|ecoutez (?:cet|l') ?article|استمع (?:الي|للمقال|للخبر)"
    r"|tous droits reserves|جميع الحقوق محفوظه|all rights reserved|copyright\b|reproduction (?:totale|interdite)"
    r"|(?:mots?[- ]cles?|tags?|etiquettes?|themes?|كلمات (?:دلاليه|مفتاحيه|البحث)|الكلمات (?:الدلاليه|المفتاحيه)|وسوم|الوسوم|تاغات)\s*(?::|$))"
)

# A paragraph about comments that also speaks of rules for them.
_POLICY = re.compile(
    r"(?=.*(?:تعليق|مشارك|النقاش|الاراء|commentaire|moderation|comments?\b))(?=.*(?:سياسه الخصوصيه|شروط (?:الاستخدام|النشر)|قبل نشرها|لا تعبر (?:بالضروره )?عن راي"
    r"|politique de confidentialite|charte|conditions (?:generales )?d'utilisation|moderes? a priori|privacy policy|terms of))"
)

CAPTIONS = re.compile(
    _BULLET
    + r"(?:(?:©|\(c\)|credits?|photos?|photographies?|illustrations?|image|legende|source (?:de l'image|image|photo)|capture d'ecran|photo d'archives?|photo d'illustration|ph)\s*(?:[:.©/]|photos?\b|d'illustration|d'archives?|$)"
    r"|(?:صوره|الصوره|تصوير|مصدر الصوره|صوره تعبيريه|صوره ارشيفيه|صوره من الارشيف|ارشيف|حقوق الصوره|التعليق علي الصوره)\s*(?:[:/©]|$|ارشيفيه|تعبيريه|من الارشيف)"
    r"|(?:getty images|shutterstock|istock|unsplash|pixabay|(?:[\w. -]{2,40}/\s?(?:afp|reuters|ap|epa|efe|map|sipa|maxppp|getty images|abaca\w*|agence qmi))))"
)
_COPYRIGHT = re.compile(r"^\s*(?:©|\(c\)\s)", re.IGNORECASE)

DATELINES = re.compile(
    _BULLET
    + r"(?:(?:publie|poste|mis a jour|modifie|mise a jour|derniere (?:modification|mise a jour)|actualise|cree|redige)e?\s*(?:le|a|il y a|:|par|dans)\b|published|updated|last updated"
    r"|(?:نشر(?:ت)?|تم النشر|تاريخ النشر|اخر تحديث|تم التحديث|حدث|تحديث)\s*(?:في|بتاريخ|يوم|:|الساعه)|(?:منذ|قبل) \d+ (?:دقيقه|دقائق|ساعه|ساعات|يوم|ايام))"
)

_CRUMB = re.compile(r"^[\W_]*(?:accueil|home|الرييسيه|الصفحه الرييسيه|vous etes ici)\b\s*\W")


def is_boilerplate(line: str, folded: str) -> bool:
    """Whether a line of a body is not the article's own: a pointer elsewhere, a notice, a caption's credit, a crumb trail.

    Args:
        line: as written.
        folded: its folded form.
    """
    if len(line) > SHORT:
        return bool(PAYWALL.search(folded) and len(line) < 500)
    return bool(
        RELATED.match(folded)
        or NOTICES.match(folded)
        or PAYWALL.search(folded)
        or _CRUMB.match(folded)
        or (len(line) < 160 and (CAPTIONS.match(folded) or _COPYRIGHT.match(line)))
        or (len(line) < 120 and DATELINES.match(folded))
        or not _WORD.search(line)
    )


def is_policy(line: str) -> bool:
    """Whether a paragraph, which only ends an article, is the outlet's policy on comments."""
    return len(line) < 800 and _POLICY.match(fold(line)) is not None


def says_paywalled(folded: str) -> bool:
    """Whether a folded line tells the reader that the rest is for subscribers."""
    return len(folded) < 500 and bool(PAYWALL.search(folded))
