"""What a request asks, in Korean or English: its intent, its single questions, the kind of answer each wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from jihwi.evidence.quantities import quantities
from jihwi.evidence.sentences import sentence_spans
from jihwi.words import Language

__all__ = ["Intent", "Question", "Request", "Wanted", "kind_of_label", "language_of", "understand"]

Intent = Literal["one_fact", "list", "yes_no", "comparison", "summary", "overview"]

Wanted = Literal[
    "who", "organisation", "where", "when", "time", "duration", "how_much", "how_many", "percent", "article", "phone",
    "title", "which", "what", "definition", "why", "how", "list", "yes_no", "passage",
]  # fmt: skip
"""The kind of answer. `passage`: no kind can be told (key words only, a summary)."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is asked."""

    text: str
    wanted: Wanted
    focus: str = ""
    """The noun that is asked for: `혐의`, `기한`, `budget`; empty when none can be told."""
    unit: str = ""
    """The counter that `몇` stands before: `명`, `년`."""


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request with what is asked in it, in order."""

    text: str
    language: Language
    intent: Intent
    questions: tuple[Question, ...]
    sides: tuple[str, ...] = ()
    """comparison: what is compared with what."""


def understand(text: str) -> Request:
    """The request, taken apart.

    >>> request = understand("연차 휴가는 며칠이고 신청 기한은 언제인가요?")
    >>> [(q.text, q.wanted) for q in request.questions]
    [('연차 휴가는 며칠이고', 'duration'), ('신청 기한은 언제인가요?', 'when')]
    >>> understand("2025년과 2026년 예산을 비교해 줘").sides
    ('2025년 예산', '2026년 예산')
    """
    words = " ".join(text.split())
    language = language_of(words)
    intent = _intent(words)
    sides = _sides(words) if intent == "comparison" else ()
    if sides:
        questions = [Question(side, kind_of_label(side.split()[-1]), _last_noun(side)) for side in sides]
    elif intent in ("summary", "overview"):
        questions = [Question(words, "passage", _topic(words))]
    else:
        questions = [one for part in _parts(words) for one in _questions(part)] or [Question(words, "passage")]
    if intent == "one_fact" and len(questions) == 1 and questions[0].wanted in ("list", "yes_no"):
        intent = "list" if questions[0].wanted == "list" else "yes_no"
    return Request(text, language, intent, tuple(questions), sides)


def language_of(text: str) -> Language:
    """Korean when any Hangul stands in it, however much English beside it.

    >>> language_of("AI 예산은?"), language_of("What is the budget?")
    ('ko', 'en')
    """
    return "ko" if any("가" <= c <= "힣" or "ㄱ" <= c <= "ㅣ" or "\u1100" <= c <= "\u11ff" for c in text) else "en"


# ── the intent ───────────────────────────────────────────────────────────────

_INTENTS: tuple[tuple[Intent, str], ...] = (
    (
        "comparison",
        r"비교(?:해|하여|하라|하시오|바람|를|을|표|\s*$|분석)|차이점|차이를?\s*(?:알려|설명|말해|보여)|무엇이\s?다른|대조해",
    ),
    ("comparison", r"\bvs\.?\s|\bcompar(?:e|ison)\b|\bdifferences?\b.*\bbetween\b|\bdiffer\b|\bversus\b"),
    (
        "overview",
        r"개요(?:를|\s|$)|개괄|전반적|전체적|한눈에|현황을?\s*(?:알려|정리|보여|설명|파악)|(?:어떤|무슨)\s?(?:문서|자료|파일)",
    ),
    (
        "overview",
        r"(?:문서|자료|파일)\S*\s(?:무엇에|무슨|어떤)\s|\boverview\b|\bwhat (?:documents|files)\b|\btell me about\b",
    ),
    ("overview", r"\bwhat (?:is|are) (?:this|these|the) (?:documents?|files?)\b"),
    ("summary", r"요약|간추려|정리해|정리하여|핵심\s?(?:내용|만|을)|주요\s?내용|줄거리"),
    ("summary", r"\bsummar(?:y|ise|ize|ising|izing)\b|\b(?:main|key) points\b|\bgist\b"),
)


def _intent(text: str) -> Intent:
    return next((intent for intent, pattern in _INTENTS if re.search(pattern, text, re.IGNORECASE)), "one_fact")


_ASKED_TO = re.compile(
    r"\s*(?:(?:에\s?대해서?|에\s?관해서?)\s*)?(?:을|를|좀)?\s*(?:알려|찾아|말해|설명해|보여|비교해|비교하여|요약해|정리해|간추려|답해|조사해)"
    r"\s?(?:줘|주세요|주십시오|달라|라|봐|보세요|줄래|주시겠어요|보고해)?(?:요)?\s*[.?!]*$"
    r"|^(?:please\s+)?(?:tell me|find|show me|explain|list|summari[sz]e|compare)\s+(?:the\s+)?",
    re.IGNORECASE,
)


def _topic(text: str) -> str:
    """What a summary is of: the request without the words that ask for one."""
    bare = _ASKED_TO.sub("", text)
    bare = re.sub(
        r"(?:의|에\s?대한|에\s?관한)?\s*(?:요약|개요|주요\s?내용|핵심\s?내용|전체\s?내용|현황)\S*\s*$", "", bare
    )
    bare = re.sub(
        r"^(?:a |an |the )?(?:summary|overview|main points|key points|gist) of (?:the )?", "", bare, flags=re.I
    )
    return bare.strip(" .?!")


_SIDES = (
    re.compile(
        r"^(?P<a>.+?)(?:와|과|하고|랑|이랑|\s및|,)\s+(?P<b>.+?)(?:을|를|의|은|는|이|가)?\s*(?:서로\s*)?(?:비교|차이|다른|어떻게\s?다|대조)"
    ),
    re.compile(r"^(?P<a>.+?)\s*(?:\bvs\.?\b|\bversus\b|대비)\s*(?P<b>.+?)(?:\s*비교.*|[?.])?$", re.IGNORECASE),
    re.compile(
        r"(?:compar(?:e|ison of)|differences? between|between)\s+(?P<a>.+?)\s+(?:and|with|to)\s+(?P<b>.+?)[?.]?$", re.I
    ),
    re.compile(r"how (?:do|does) (?P<a>.+?) (?:and|differ from) (?P<b>.+?)(?: differ)?[?.]?$", re.IGNORECASE),
)


def _sides(text: str) -> tuple[str, ...]:
    """What is compared; what both share stands with the second, and is lent to the first."""
    bare = re.sub(r"\s*(?:비교|차이).*$", "", text) if re.search(r"[와과]\s", text) else text
    for pattern in _SIDES:
        match = pattern.search(text if pattern is _SIDES[0] else bare) or pattern.search(text)
        if match:
            return _sharing(match["a"].strip(" ,"), match["b"].strip(" ,.?의을를"))
    return ()


def _sharing(one: str, other: str) -> tuple[str, str]:
    """Both sides whole: `2025년` and `2026년 예산` are both of a budget."""
    figure, first = quantities(one), quantities(other)
    if figure and first and (figure[0].start, figure[0].end) == (0, len(one)) and first[0].start == 0:
        return one + other[first[0].end :], other
    return one, other


# ── single questions ─────────────────────────────────────────────────────────

_ASKS = re.compile(
    r"언제|어디|누구|누가|무엇|무슨|뭐|뭘|얼마|며칠|몇|왜|어떻게|어떤|어느|어째서|\b(?:what|who|whom|whose|when|where|which|why|how)\b",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"(?:(?<=이고)|(?<=이며)|(?<=하고)|(?<=하며)|(?<=되고)|(?<=되며)|(?<=인지)|(?<=는지)|(?<=은지)|(?<=[?.]))[,\s]+(?:그리고\s+|또한?\s+)?"
    r"|[,\s]+그리고\s+|,?\s+and\s+(?=(?:what|who|when|where|which|why|how|is|are|does|do)\b)|,\s+(?=(?:what|who|when|where|how)\b)",
    re.IGNORECASE,
)
_ATTRIBUTE = (
    r"(?:금액|기간|기한|일수|장소|일시|날짜|일자|시기|대상자?|방법|절차|비용|예산|담당자|담당\s?부서|인원|목적|시간|연락처|전화번호|이유|"
    r"내용|조건|자격|요건|횟수|비율|한도|주소|근거|기준|위치|책임자|수량|단가|총액|마감일?|시행일|계약\s?금액|계약\s?기간|서류|안건|결과)"
)
# Words have an end here (20 or 40 letters), so that a run without a blank is read in time that grows with its length.
_TWO_ATTRIBUTES = re.compile(
    rf"^(?P<shared>.*?)(?P<one>(?:[가-힣]{{1,20}}\s)?[가-힣]{{0,20}}{_ATTRIBUTE})(?:와|과|하고|,|\s및|\s?[·/])\s*(?P<two>(?:[가-힣]{{1,20}}\s)?[가-힣]{{0,20}}{_ATTRIBUTE})"
    r"(?P<rest>(?:은|는|이|가|을|를)?\s*(?:각각\s*)?(?:무엇|얼마|언제|어떻게|어디|누구|알려|말해|찾아|\?|$).*)$"
)


def _parts(text: str) -> Iterator[str]:
    """The single questions of a request, in order."""
    for start, end in sentence_spans(text):
        for part in _joined(text[start:end]):
            two = _TWO_ATTRIBUTES.match(part)
            if two:
                yield f"{two['shared']}{two['one']}{two['rest']}"
                yield f"{two['shared']}{two['two']}{two['rest']}"
            else:
                yield part


def _joined(sentence: str) -> Iterator[str]:
    """The sentence cut where one question ends and another begins; in one piece unless both sides ask."""
    begin = 0
    for match in _JOINS.finditer(sentence):
        before, after = sentence[begin : match.start()], sentence[match.end() :]
        if _ASKS.search(before) and _ASKS.search(after):
            yield before.strip(" ,")
            begin = match.end()
    rest = sentence[begin:].strip()
    if rest:
        yield rest


def _any_of(words: str) -> str:
    """A pattern for any of the words, the longest first; a word of one syllable stands alone."""
    ordered = sorted(words.split(), key=len, reverse=True)
    return "(?:" + "|".join(word if len(word) > 1 else rf"(?<![가-힣]){word}" for word in ordered) + ")"


PERSON = _any_of(
    """
    사람 인물 저자 작가 감독 배우 가수 선수 교수 장군 대통령 총리 장관 차관 황제 국왕 왕 여왕 왕비 공주 왕자 의원 위원장
    위원 회장 사장 대표 대표자 총장 소장 원장 국장 과장 팀장 실장 부장 담당자 책임자 주인공 아버지 어머니 아들 딸 아내
    부인 남편 스승 제자 친구 후보 지휘관 사령관 학자 과학자 작곡가 작사가 화가 시인 기자 변호사 판사 검사 의사 목사 신부
    설립자 창시자 창립자 창업자 발명가 발견자 제작자 연출가 프로듀서 범인 피해자 후임 전임 후임자 전임자 우승자 수상자
    인사 학생 군인 영웅 성우 모델 디자이너 개발자 건축가 철학자 정치인 외교관 통역관 대사 주교 교황 승려 심리학자 전문가
    연구자 관계자 지도자 계승자 후계자 동료 상대 음악가 의장 당선인 대변인 이사 교사 직원 간사 주임 주무관 변호인
    대리인 현장대리인 계약자 신청인 계약상대자 연주자 작자 필자 발행인 편집장 소유주
    전문의 실무자 참석자 위원들
    """
)
PLACE = _any_of(
    """
    곳 장소 지역 도시 나라 국가 마을 섬 위치 지명 수도 고향 출생지 본거지 지방 항구 공항 건물 사찰 거주지 주소 회의실
    행선지 목적지 근거지 개최지 소재지 출신지 여행지 서식지 대륙 원산지
    """
)
MOMENT = _any_of(
    """
    날 날짜 연도 년도 해 시기 때 일자 일시 기한 마감 마감일 시점 시행일 생일 기일 개최일 출생일 사망일 발매일 개봉일
    요일 연대 세기 계절 만료일 납기 시대 제출일 접수일 체결일 의결일 개정일 지급일
    """
)
BODY = _any_of(
    """
    기관 회사 단체 부서 부처 부대 정당 팀 구단 대학 대학교 학교 고등학교 방송사 방송국 신문 신문사 출판사 위원회 은행
    기업 조직 협회 재단 연구소 밴드 그룹 클럽 업체 법인 학회 노조 군대 왕조 소속사 제작사 모임 매체
    언론사 언론 언론지 경제지 일간지 주간지 기구 연맹 당 집권당 여당 야당
    병원 법원 의회 업소 시공사 발주처
    발주기관 수요기관 계약업체 담당부서 주관부서 소관부서
    """
)
WORK = _any_of(
    """
    영화 노래 곡 책 작품 드라마 앨범 소설 잡지 논문 프로그램 게임 만화 희곡 오페라 그림 시집 음반 싱글 제목 연극
    뮤지컬 저서 대표곡
    """
)
SUM = _any_of(
    """
    금액 비용 예산 예산액 가격 액수 수수료 임금 연봉 급여 총액 단가 사업비 계약금 계약금액 상금 지원금 보조금 요금
    배상금 부담금 한도액 결산액 집행액 수당
    벌금 과태료 범칙금 채무 부채 매출 매출액 이익 손실 세금 보증금 위약금 일비 식비 숙박비 운임 당직비
    """
)
QUANTITY = _any_of(
    """
    인원 인원수 개수 횟수 점수 순위 나이 키 무게 거리 넓이 면적 길이 높이 깊이 인구 수량 득표수 관객수 온도 속도 대수
    명수 등번호 층수 수 랭킹 등수 연령 용량 전력 출력 전압 배기량 농도 압력 습도 타율 평균 지름 둘레 두께 폭 부피 체중
    조회수 좌석수 정원
    """
)
_TAIL = (
    r"(?:들)?(?:의?\s?이름)?(?:은|는|이|가|을|를)?\s*(?:(?:각각|바로|과연|모두|총)\s*)?"
    r"(?:(?:무엇|누구|어디|언제|얼마|뭐|어떻게\s?되)\S{0,8}|인가요?|입니까|일까요?)?\s*[?.]*$"
)
_WHICH = r"(?:어느|어떤|어떠한|무슨)\s?"

_KINDS: tuple[tuple[Wanted, str], ...] = (
    ("phone", r"전화\s?번호|연락처|\bphone\b|\btelephone\b"),
    ("article", r"몇\s?조(?!\s?원|각)|몇\s?항|어느\s?조(?:항|문)?|무슨\s?조항|\bwhich (?:article|section|clause)\b"),
    ("why", rf"왜(?:\s|\?|냐|인가|일까)|(?:이유|까닭|원인|계기|때문){_TAIL}|어째서|\bwhy\b|\breason\b"),
    (
        "percent",
        rf"몇\s?(?:%|퍼센트|프로)|퍼센트|[가-힣]{{0,4}}(?:비율|율|률){_TAIL}|[율률]은 [어얼]|\bpercent|\bwhat share\b",
    ),
    ("duration", r"얼마나\s?(?:오래|걸|있|지속)|얼마\s?동안|몇\s?(?:년|개월|달|주|일|시간|분)\s?(?:간|동안|이나|만에)"),
    (
        "duration",
        rf"며칠(?!에|부터|날|까지)|(?:기간|일수){_TAIL}|\bhow long\b|\bhow many (?:days|weeks|months|years)\b",
    ),
    ("time", r"몇\s?시(?!간|즌|대)|시각(?:은|이)|\bwhat time\b"),
    ("when", r"언제|며칠|몇\s?(?:년|월|일|세기|년도)(?!\s?(?:간|동안|만|째|생))"),
    ("when", rf"{_WHICH}(?:해|날|연도|년도|요일|달|세기|시기|시대|계절)|{MOMENT}{_TAIL}"),
    ("when", r"[가-힣][은는던한된난진린긴친쓴뀐운온간]\s?(?:날|때|해)(?:은|는|이란)\s*[?.]*$"),
    ("when", r"\bwhen\b|\b(?:what|which) (?:date|day|year|month)\b|\bdeadline\b|\bdue\b"),
    ("how_much", r"얼마(?!나)|몇\s?(?:원|달러|만\s?원|억)|\bhow much\b|\bprice\b|\bcost\b|\bamount\b|\bbudget\b"),
    ("how_many", r"몇|얼마나\s?(?:많|되|큰|높|긴|넓|먼|늘|줄|자라)|\bhow (?:many|old|tall|far|big|large|often)\b"),
    ("who", r"누구|누가|누굴|\bwho(?:m|se)?\b"),
    ("where", r"어디|어딘|\bwhere\b"),
    (
        "organisation",
        rf"{_WHICH}[가-힣]{{0,4}}{BODY}|\b(?:which|what) (?:office|department|team|company|agency|division)\b",
    ),
    ("where", rf"{_WHICH}{PLACE}(?![가-힣]{{2}})|\b(?:which|what) (?:city|country|place|town|building|room|state)\b"),
    ("who", rf"{_WHICH}{PERSON}(?:[이가은는을를과와에]|이?며|이?었|인|\?|\s|$)|\b(?:which|what) person\b"),
    (
        "definition",
        r"(?:이)?란\s?(?:무엇|뭐|어떤|\?|$)|(?:정의|뜻|의미)(?:는|를|가|란|은)?\s*(?:무엇|뭐|알려|설명|$|[?.])",
    ),
    ("definition", r"무엇을\s?(?:말|뜻|의미)|\bdefin(?:e|ition)\b|\bwhat does .* mean\b|\bmean(?:ing of|t by)\b"),
    ("how", rf"어떻게\s(?!되|칭|불|부르)|(?:방법|절차){_TAIL}|\bhow\b"),
    ("title", rf"{WORK}{_TAIL}|{_WHICH}{WORK}"),
    ("how_much", rf"{SUM}{_TAIL}"),
    ("who", rf"{PERSON}{_TAIL}"),
    ("organisation", rf"{BODY}{_TAIL}"),
    ("where", rf"{PLACE}{_TAIL}"),
    ("how_many", rf"{QUANTITY}{_TAIL}|\bnumber of\b"),
    ("list", r"목록|종류(?:는|가|를)|나열|무엇무엇|무엇이\s?있|어떤\s?(?:것들|것이\s?있)|어떤\s\S+[이가]\s?있[나는습]"),
    ("list", r"모두\s?(?:알려|말해|찾아)|\blist\b|\bwhat (?:kinds|types) of\b|\bwhich ones\b"),
    ("which", r"어느|어떤|어떠한|무슨|\bwhich\b"),
    ("what", r"무엇|뭐|뭘|어떻게|\bwhat\b"),
    (
        "yes_no",
        r"(?:[는은인한된할]가|나|니까|까|까요|나요|가요|되나|여부|[는은인]지|하니|했니|되|돼)(?:요)?\s*(?:알려.*|확인.*)?[?.]*$",
    ),
    ("yes_no", r"^(?:is|are|was|were|do|does|did|can|could|may|must|should|will|has|have|had)\b"),
)
_COMPILED = tuple((wanted, re.compile(pattern, re.IGNORECASE)) for wanted, pattern in _KINDS)
_UNIT = re.compile(
    r"몇\s?(?:번째\s)?(년도|년|개월|월|일|시간|시|분|명|개|건|번|차례|회|[가-힣]{1,2}?|%)(?=[이가은는을를의에째만로간부여]|인|\s|\?|$)"
)
_NOUN_AT_END = re.compile(
    r"([가-힣A-Za-z0-9]{1,40}?)(?:들)?(?:은|는|이|가|을|를)?\s*(?:(?:각각|바로|과연|모두|총)\s*)?"
    r"(?:무엇|누구|어디|언제|얼마|며칠|뭐|몇\s?\S+|왜|어떻게\S*|어느\s\S+|어떤\s\S+)?"
    r"(?:일까|인가|입니까|이었|였|인지|예요|이에요|이야|이고|이며)?(?:요|는가|나요|습니까)?\s*(?:알려\s?\S+|말해\s?\S+|찾아\s?\S+)?\s*[?.!]*$"
)
_AFTER_WHICH = re.compile(
    r"(?:어느|어떤|어떠한|무슨)\s([가-힣]{1,40}?)(?:[은는이가을를의에로]|에서|으로|까지|부터)?(?=\s|\?|$)"
)
_ENGLISH_FOCUS = re.compile(
    r"\b(?:what|which)\s+(?:is|are|was|were)\s+(?:the\s+)?(?P<is>[a-z ]+?)"
    r"(?=\s+(?:of|for|in|on|to|that|which|when|by)\b|[?.]|$)"
    r"|\b(?:what|which)\s+(?P<which>[a-z]+)\s|\bhow many\s+(?P<many>[a-z]+)",
    re.IGNORECASE,
)


def kind_of_label(label: str) -> Wanted:
    """What kind of thing a label such as `일시`, `장소`, `담당자` announces.

    >>> kind_of_label("일시"), kind_of_label("담당자"), kind_of_label("계약금액")
    ('when', 'who', 'how_much')
    """
    return _question(f"{label}은?").wanted


_TWO_AT_ONCE = re.compile(
    r"(언제|어디|누가|무엇을|왜|어떻게|얼마)\S*(?:\s|,\s?)+(?:그리고\s)?(언제|어디|누가|무엇을|왜|어떻게|얼마)"
)
_ENGLISH_TWO_AT_ONCE = re.compile(
    r"\b(when|where|who|what|why|how)\s+and\s+(when|where|who|what|why|how)\b", re.IGNORECASE
)


def _questions(text: str) -> Iterator[Question]:
    """The question, once for each thing that it asks at once: 언제 어디에서."""
    two = _TWO_AT_ONCE.search(text) or _ENGLISH_TWO_AT_ONCE.search(text)
    if two is None:
        yield _question(text)
        return
    for asks in two.groups():
        wanted = _question(f"{asks}?").wanted
        yield Question(text, wanted, _focus(text))


def _question(text: str) -> Question:
    wanted: Wanted = next((wanted for wanted, pattern in _COMPILED if pattern.search(text)), "passage")
    unit = _UNIT.search(text)
    focus = _focus(text)
    return Question(text, wanted, focus, unit.group(1) if unit else "")


_NAME_OF = re.compile(
    r"([가-힣A-Za-z]{1,40}?)(?:의)?\s?(?:이름|명칭|성명)(?:[은는이가을를]|이란)?\s*(?:무엇\S*|뭐\S*|어떻게\S*)?\s*[?.]*$"
)


def _focus(text: str) -> str:
    named = _NAME_OF.search(text)
    if named:
        return named.group(1)
    which = _AFTER_WHICH.search(text)
    if which:
        return which.group(1)
    if language_of(text) == "en":
        english = _ENGLISH_FOCUS.search(text)
        return (next((g for g in english.groups() if g), "") if english else "").strip()
    return _last_noun(text)


def _last_noun(text: str) -> str:
    found = _NOUN_AT_END.search(text)
    return found.group(1) if found and found.group(1) not in ("무엇", "누구", "어디", "언제", "얼마") else ""
