"""How much a decoded text looks like something a person in Korea wrote: the measure that chooses between encodings."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

__all__ = ["frequent_hangul", "plausibility"]

# The 700 syllables that make up 99 % of running Korean text, in code order.
_FREQUENT = frozenset(
    "가각간갈감갑값갔강갖같개객갤거건걸검것게겐겠겨격견결경계고곡곤골곱곳공과관괄광괴교구국군굴궁권귀규균그극근글금급기긴길김깊까깨꺼께꽃꾸꿈끌끝끼나난날남납났낭낮내낸냅냈냉냐너널넓넘넣네넷녀년념노녹논놀농"
    "높놓뇌뇨누눈뉘뉴느는늘능니닉닌닙다닥단달담답당대더덕던덜데덴델도독돈돌동됐되된될됨됩두둘둥뒤드득든들등디따딸때떠떤떨떻또뜨뜻라락란랄람랍랑래랙랜램랫랭략량러럭런럴럼럽렇레렉렌려력련렬렴렸령례로록론롤롭"
    "롯뢰료루룩룹류륙률륨르른를름릅리릭린릴림립릿링마막만많말맛망맞맡매맥맨맹머먹먼메멘멜며면명몇모목몬몰몸못묘무문물뮤므미민믿밀밍및바박밖반받발밝밤방배백밴버번벌범법베벤벨벽변별병보복본볼봉부북분불붙뷰브"
    "블비빈빌빙빛빠빨뼈뿌뿐사삭산살삶삼상새색샌샘생샤서석선설섬섭섯성세센셀셔션셜소속손솔송쇄쇼수숙순술숫쉬쉽슈슘스슨슬습슷승시식신실심십싱싶싸써쓰씨아악안않알암압았앙앞애액앤앨야약양어억언얻얼엄업없엇었에"
    "엑엔엘여역연열염였영예오옥온올옵옹와완왔왕왜외왼요욕용우욱운울움웃워원월웨웹위윈윌유육윤율융으은을음응의이익인일읽임입있잎자작잔잘잠잡장재잭쟁저적전절점접정제젝젤져졌조족존졸종좋좌죄주죽준줄줍중쥐즈즉"
    "즌증지직진질짐집징짜짧째쪽찍차착찬찰참창찾채책처척천철첨첫청체쳐쳤초촉촌총촬최추축춘출춤충취츠측층치칙친칠침칭카칸칼캐캔캘캠커컨컬컴컵컷케켓켜켰코콘콜콩쿠큐크큰클키킨킬킹타탁탄탈탐탑탕태택터턴털테텍텐"
    "텔템토톤톱통퇴투튜트특튼틀티틱틴팀팅파판팔패팩팬퍼펌페펜편평폐포폭폰폴표푸풀품풍퓨프픈플피픽핀필핑하학한할함합항해핵했행향허헌험헤혀혁현혈협혔형혜호혹혼홀홈홍화확환활황회획효후훈휘휴흐흔흡흥희히힌힐힘"
)
_LETTER_BESIDE_ACCENT = re.compile(r"[A-Za-z][\u00c0-\u017f]|[\u00c0-\u017f][A-Za-z]")
_FAMILIAR_LATIN = frozenset("·×°±§²³µ÷£¥©®\u00a0")
_GOOD = 0.4
_RANGES: tuple[tuple[int, int, float], ...] = (
    (0x00A1, 0x00BF, -0.5),
    (0x00C0, 0x024F, -0.6),
    (0x0250, 0x036F, -1.0),
    (0x0370, 0x04FF, -0.1),
    (0x1100, 0x11FF, 0.2),
    (0x2010, 0x203E, _GOOD),
    (0x2100, 0x22FF, 0.2),
    (0x2460, 0x27BF, _GOOD),
    (0x3000, 0x303F, _GOOD),
    (0x3040, 0x30FF, 0.0),
    (0x3131, 0x3163, 0.2),
    (0x3164, 0x318E, -0.2),
    (0x3200, 0x33FF, 0.2),
    (0x3400, 0x4DBF, -1.0),
    (0xE000, 0xF8FF, -2.0),
    (0xF900, 0xFAFF, -0.1),
    (0xFF01, 0xFF5E, 0.2),
    (0xFF61, 0xFF9F, -1.0),
)


def frequent_hangul(text: str) -> int:
    """How many characters of `text` are syllables that Korean uses all the time.

    >>> frequent_hangul("예산 쀍")
    2
    """
    return sum(character in _FREQUENT for character in text)


@lru_cache(maxsize=8192)
def _weight(character: str) -> float:
    code = ord(character)
    if "가" <= character <= "힣":
        if character in _FREQUENT:
            return 1.0
        return 0.1 if _in(character, "euc_kr") else -1.5
    if code < 0x20 or 0x7F <= code < 0xA0:
        return -3.0
    if character == "\ufffd":
        return -4.0
    if character in _FAMILIAR_LATIN:
        return 0.1
    if 0x4E00 <= code <= 0x9FFF:
        return 0.0 if _in(character, "euc_kr") else -0.4
    for first, last, weight in _RANGES:
        if first <= code <= last:
            return weight
    return -0.5


def _in(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def plausibility(text: str) -> float:
    """The mean over all characters that are not plain ASCII: about 1 for Korean, below 0 for nonsense.

    An ASCII text says nothing and scores 0. Accented letters count well only beside plain ones, as in French.

    >>> plausibility("제3조(목적) 이 규정은") > 0.9, plausibility("¾È³çÇÏ¼¼¿ä") < 0
    (True, True)
    """
    counts = Counter(text)
    total = weighed = 0.0
    for character, count in counts.items():
        if " " <= character <= "~" or character in "\t\n\r\x0c":
            continue
        total += count
        weighed += _weight(character) * count
    if not total:
        return 0.0
    weighed += 1.1 * min(len(_LETTER_BESIDE_ACCENT.findall(text)), total)
    return weighed / total
