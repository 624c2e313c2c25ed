"""Words that say nothing of what a text is about, by language.

English goes furthest, for there they also keep verbs out of phrases.
"""

from __future__ import annotations

from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# English words of grammar, and what addresses in the web are made of: texts of any language quote English
_ENGLISH = """
    a about above across after again against all almost alone along already also although always am among amongst an
    and another any anyone anything anyway are aren around as at away back be became because become becomes been
    before behind being below beside besides between beyond both but by can cannot could couldn did didn do does
    doesn doing don done down due during each either else elsewhere enough etc even ever every everyone everything
    everywhere except few first for former from further get gets getting give given gives go goes going gone got had
    hadn has hasn have haven having he hence her here hers herself him himself his how however i ie eg if in indeed
    instead into is isn it its itself just keep kept last latter least less let like likely ll made make makes
    making many may maybe me might mine more moreover most mostly much must my myself namely near neither never
    nevertheless next no nobody none nor not nothing now nowhere of off often on once one ones only onto or other
    others otherwise our ours ourselves out over own per perhaps please put quite rather re really same say says
    said see seem seemed seems seen several shall she should shouldn since so some somebody someone something
    sometimes somewhere still such take taken takes taking than that the their theirs them themselves then there
    thereby therefore these they thing things this those though through throughout thus to together too toward
    towards under until unless up upon us use used uses using usually various ve very via was wasn way ways we well
    went were weren what whatever when where whereas wherever whether which while who whoever whom whose why will
    with within without won would wouldn yet you your yours yourself yourselves http https www com org
"""
# other English words that count in a text, and say nothing
_ENGLISH_BESIDES = """
    according actually add added allow allows apply applied appear appears argue argued ask asked based began begin
    begins believe bring brings brought call called came caused certain choose clearly come comes coming commonly
    compare compared consider considered consists contain contains continue create created creates define defined
    describe described describes despite determine determined develop developed discuss discussed easily easy
    especially exist exists explain far feel felt find finding finds follow followed following follows found
    generally greater grow happen happens helps holds identify include included includes including increase
    increased indicate indicates involve involved involves know known knows lead leads led left looking mean means
    mentioned move moved needed obtain obtained occur occurs particularly presented probably produce produced
    provide provided provides quickly read recently refer referred refers related remain remains reported represent
    represents require required requires resulted right saw section select shown show showed shows simply started
    suggest suggests sure tell tend thought today told took try turned understand wanted write written year years
    yes figure fig table et al pp vol eq eqs chapter doi arxiv preprint
"""
# English words of grammar that mean something in another language ("See", "Not" and "Last" are nouns in German)
_MEANT_ELSEWHERE = {
    "de": "last made mine most not see",
    "fr": "but mine or",
    "it": "mine",
    "nl": "been last made put",
    "pl": "most",
    "sv": "by last",
}
_STOP_WORDS = {
    "en": _ENGLISH + _ENGLISH_BESIDES,
    "de": """
    aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei
    beim bin bis bist da dabei dadurch dafür damit dann das dass dasselbe dazu dein deine dem demselben den denen
    denn der deren derer des dessen dich die dies diese dieselbe diesem diesen dieser dieses dir doch dort du
    durch ein eine einem einen einer eines einige einigen einmal er es etwas euch euer für gegen gewesen hab habe
    haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in indem ins ist
    jede jedem jeden jeder jedes jedoch jene jetzt kann kein keine keinem keinen keiner können könnte machen man
    manche mehr mein meine mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne schon sehr sein
    seine seinem seinen seiner seines seit selbst sich sie sind so solche soll sollte sondern sonst sowie über um
    und uns unser unter viel vom von vor während war waren warum was weil welche welchem welchen welcher wenn wer
    werde werden wie wieder will wir wird wirst wo worden wurde wurden zu zum zur zwar zwischen bzw z.b d.h
    """,
    "fr": """
    à afin ai aie ainsi alors après au aucun aucune aujourd auquel aussi autre autres aux avait avant avec avoir c
    ça car ce ceci cela celle celles celui cependant ces cet cette ceux chaque chez comme comment d dans de déjà
    depuis des dès donc dont du elle elles en encore entre est et étaient était étant été être eu fait faire fois
    font hors ici il ils j je jusqu l la là le les leur leurs lors lorsque lui m ma mais me même mêmes mes moi
    moins mon n ne ni non nos notre nous on ont ou où par parce parfois pas pendant peu peut peuvent plus
    plusieurs pour pourquoi près puis qu quand que quel quelle quelles quelque quels qui quoi s sa sans se selon
    sera ses si soit son sont sous souvent sur t ta tandis te tel telle tes toi ton toujours tous tout toute
    toutes très trop tu un une vers via vos votre vous y
    """,
    "es": """
    a al algo algún alguna algunas alguno algunos ambos ante antes aquel aquella aquellas aquello aquellos así aun
    aunque bajo bien cada casi como cómo con contra cual cuál cuales cualquier cuando cuanto cuya cuyo de del
    desde donde dos durante e el él ella ellas ellos en entre era eran es esa esas ese eso esos esta está estaba
    estado están estar estas este esto estos fue fueron ha había han hasta hay hacer incluso la las le les lo los
    más me mediante menos mi mientras mis misma mismo mucho muchos muy nada ni no nos nosotros nuestra nuestro o
    otra otras otro otros para pero poco por porque pueden puede pues que qué quien quién se sea según ser si sí
    sido sin sino sobre solo sólo son su sus también tan tanto te tener tiene tienen toda todas todo todos tras tu
    tus un una unas uno unos usted y ya yo
    """,
    "it": """
    a ad ai al alcuni alla alle allo anche ancora avere aveva c che chi ci cioè come con contro cosa così cui da
    dai dal dalla dalle dallo degli dei del dell della delle dello di dopo dove due e è ed era erano essa esse
    essere essi esso fa fra già gli ha hanno i il in io l la le lei li lo loro lui ma me mentre mi molto ne negli
    nei nel nell nella nelle nello noi non nostra nostro o ogni oltre per perché perciò però più poi prima può
    qual quale quali quando quanto quella quelle quelli quello questa queste questi questo qui se sè sé senza si
    sia sono sopra sotto stata stato stesso su sua sue sugli sui sul sulla sulle suo suoi tra tu tutta tutte tutti
    tutto un una uno vi voi
    """,
    "pt": """
    a à ao aos aquela aquelas aquele aqueles aquilo as às até cada com como contra da das de dela dele deles
    depois desde do dos e é ela elas ele eles em enquanto entre era eram essa essas esse esses esta está estão
    estas este estes eu foi foram há isso isto já lhe mais mas me mesmo meu muito na não nas nem no nos nós nossa
    nosso num numa o onde os ou outra outras outro outros para pela pelas pelo pelos pode podem por porque qual
    quando quanto que quem são se sem ser seu seus si sido só sob sobre sua suas também tão te tem têm ter toda
    todas todo todos um uma umas uns você
    """,
    "nl": """
    aan al alle alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een eens en er
    ge geen geweest haar had heb hebben heeft hem het hier hij hoe hun iets ik in is ja je kan kon kunnen maar me
    meer men met mij mijn moet na naar niet niets nog nu of om omdat onder ons ook op over reeds te tegen toch
    toen tot u uit uw van veel voor want waren was wat werd wezen wie wij wil worden wordt zal ze zelf zich zij
    zijn zo zonder zou
    """,
    "ru": """
    а без более больше будет будто бы был была были было быть в вам вас вдруг ведь во вот впрочем все всегда всего
    всех всю вы г где да даже два для до другой других его ее если есть еще ж же за зачем здесь и из или им иногда
    их к каждый как какая какой когда конечно которая которого которой которые который которых кто куда ли лучше
    между меня мне много может можно мой моя мы на над надо наконец нас не него нее ней нельзя нет ни нибудь
    никогда ним них ничего но ну о об один он она они оно опять от перед по под после потом потому почти при про
    раз разве с сам свою себе себя сейчас со совсем так также такой там тебя тем теперь то тогда того тоже только
    том тот три тут ты у уж уже хоть хорошо хотя чего чей чем через что чтоб чтобы чуть эта эти этих это этого
    этой этом этот эту я является
    """,
    "sv": """
    alla allt att av bara blev bli blir de dem den denna deras dess dessa det detta dig din ditt du där efter ej
    eller en ett från för ha hade han hans har hon hur här i icke ingen inom inte jag kan kunde man med mellan men
    mig min mot mycket ni nu när någon något några och om oss på samma sedan sig sin sina sitt som så till under
    upp ut utan vad var vara varför vi vid vilka vilken är över
    """,
    "pl": """
    a aby albo ale bardzo bez bo by być był była było były co czy dla do gdy gdzie go i ich ile im inne iż ja jak
    jako je jego jej jest jeśli już każdy kiedy która które którego której który których lub ma mnie może można mu
    my na nad nie nich nim niż o od on ona one oni oraz po pod przed przez przy się są ta tak także tam te tego
    tej ten to tu tych tylko tym u w we więc wszystko z za ze że
    """,
}
# English words that are no name by themselves, but part of some ("large language model", "state machine")
WEAK_WORDS = _words("""
    change changes changed form forms formed set sets result results number note report reports play place support
    supports supported type types cause causes work works worked working part state states run long large larger
    largest small smaller new old general common great good better best full main particular possible present recent
    similar simple single different difficult important able clear example examples start turn need needs want help
    hold look term lot fact sort usual second third two three four five six seven eight nine ten zero real special
    total whole high low end point case level order
""")
# English words that count in a text, and name nothing
NAMELESS = _words("""
    adj thereof therein thereto therefrom whereof wherein whereby hereby herein hereof hereto hitherto hither thither
    whither henceforth heretofore notwithstanding ought tho yeah yep okay ok uh um hey wow gonna wanna kinda longer
    accepts achieves acquires affects aims avoids becomes behaves belongs confirms continues contributes converts
    corresponds decides declares demonstrates depends derives differs disappears emerges emphasizes enables encourages
    ensures enters establishes evolves examines exceeds explains exposes extends fails generates gets gives grows
    illustrates implements implies improves initializes inherits introduces invokes lets lies maintains manages
    modifies operates passes performs permits possesses prevents proceeds receives reduces releases removes replaces
    resembles resides retrieves returns reveals sends serves shares specifies states stores succeeds suffers takes
    throws treats uses varies works writes
""")
# English function words that tell what kind of word comes next
DETERMINERS = _words("the a an this these those his her its their our your my each every any some whose")
VERB_AFTER = _words("""
    to can could will would shall should may might must cannot don't doesn't didn't can't won't couldn't wouldn't
    shouldn't not never do does did i we you they who let's and/or
""")
NOUN_AFTER = DETERMINERS | _words("""
    of in on at by for with from between among into through during about against without under over per no both such
    many several few most all other another more
""")
ADJECTIVE_AFTER = _words("""
    is are was were be been being am very more most so too quite rather less least as become becomes became remain
    remains seem seems feel isn't aren't wasn't weren't
""")
NUMBER_WORDS = _words("""
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions
    billion billions dozen dozens half twice
""")
# English words in -ly that are no adverbs
NO_ADVERBS = _words("""
    family assembly supply anomaly monopoly italy july early daily weekly monthly yearly fly ally rally bully jelly
    belly lily reply butterfly friendly elderly lonely lively lovely costly deadly melancholy disassembly multiply
    apply imply comply rely poly oligopoly timely scholarly likely unlikely holy ugly silly only
""")


LANGUAGES = frozenset(_STOP_WORDS)
"""The languages whose stop words are known."""


@lru_cache(maxsize=64)
def stop_words(language: str) -> frozenset[str]:
    """The stop words of `language` (ISO 639-1) where they are known, and those of English that mean nothing in it."""
    english = _words(_ENGLISH) - _words(_MEANT_ELSEWHERE.get(language, ""))
    return _words(_STOP_WORDS.get(language, "")) | english
