"""The units that numbers are written with, and the one name each is known under."""

from __future__ import annotations

__all__ = ["COUNTERS", "CURRENCIES", "DURATIONS", "MONTHS"]


def _table(lines: str) -> dict[str, str]:
    """`name: ways of writing it`, a unit a line; an underscore stands for a space."""
    made: dict[str, str] = {}
    for line in lines.split("\n"):
        name, _, ways = line.strip().partition(": ")
        made.update({way.replace("_", " "): name.replace("_", " ") for way in ways.split()})
    return made


CURRENCIES = _table(
    """
    KRW: 원 won krw ₩ ￦
    USD: 달러 불 dollar usd $ us$
    EUR: 유로 euro eur €
    JPY: 엔 yen jpy ¥
    CNY: 위안 yuan cny
    GBP: 파운드 pound gbp £
    CHF: 프랑
    RUB: 루블
    DEM: 마르크
    ITL: 리라
    """
)
"""What is paid in."""

DURATIONS = _table(
    """
    year: 년 년간 개년 해 year
    month: 개월 개월간 달 달간 month
    week: 주 주간 주일 week
    day: 일 일간 day
    business_day: 영업일 business_day working_day
    hour: 시간 hour
    minute: 분 분간 minute
    second: 초 초간 second
    """
)
"""How long."""

COUNTERS = _table(
    """
    명: 명 인 사람 분 people persons person
    개: 개
    곳: 개소 곳 군데
    건: 건 cases
    회: 회 번 차례 times
    차: 차
    대: 대
    권: 권
    쪽: 쪽 페이지 면 pages
    장: 장
    점: 점
    위: 위
    층: 층
    세: 세 살
    급: 급
    호봉: 호봉
    호: 호
    기: 기
    척: 척
    마리: 마리
    그루: 그루
    편: 편
    곡: 곡
    종: 종
    가지: 가지
    배: 배
    평: 평
    호실: 호실
    학점: 학점
    학년: 학년
    석: 석
    표: 표
    분기: 분기
    세기: 세기
    년대: 년대
    조: 조
    항: 항
    단계: 단계
    가구: 가구
    세대: 세대
    필지: 필지
    kg: kg 킬로그램
    g: g 그램
    t: t 톤
    km: km 킬로미터
    m: m 미터
    cm: cm 센티미터
    mm: mm
    ㎡: ㎡ m² 제곱미터
    ㎢: ㎢ km²
    ha: ha 헥타르
    l: l 리터
    도: 도 ℃ 도씨
    kW: kw
    kWh: kwh
    MW: mw
    GB: gb
    MB: mb
    TB: tb
    마일: 마일
    인치: 인치
    피트: 피트
    마력: 마력
    노트: 노트
    에이커: 에이커
    """
)
"""How many of what."""

MONTHS = {
    name: int(number)
    for name, number in _table(
        """
        1: january jan
        2: february feb
        3: march mar
        4: april apr
        5: may
        6: june jun
        7: july jul
        8: august aug
        9: september sept sep
        10: october oct
        11: november nov
        12: december dec
        """
    ).items()
}
"""English months by number."""
