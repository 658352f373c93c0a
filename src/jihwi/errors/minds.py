"""How a mind fails: a model's server, its answer, or a procedure."""

from __future__ import annotations

from typing import ClassVar, Self

from jihwi.errors.base import JihwiError

__all__ = [
    "ModelAddressWrong",
    "ModelBusy",
    "ModelClassRefused",
    "ModelContextFull",
    "ModelCut",
    "ModelError",
    "ModelFailed",
    "ModelKeyWrong",
    "ModelNonsense",
    "ModelRefused",
    "ModelSaidNothing",
    "ModelTimeout",
    "ModelToolsOff",
    "ModelUnreachable",
    "ModelUntrusted",
    "ProcedureFailed",
]


class ModelError(JihwiError):
    """A model's turn ended badly. `retryable` says whether trying again is worth it."""

    retryable: ClassVar[bool] = False
    endpoint: str
    detail: str
    input_tokens: int = 0
    """Tokens that were read all the same; 0 when nothing was."""
    output_tokens: int = 0
    """Tokens that were written all the same."""
    micros: int = 0
    """What they cost, in millionths of the unit budgets are stated in."""
    _sent: ClassVar[bytes] = b""
    ko = "모델({endpoint})이 답하지 못했습니다: {detail}"
    en = "The model at {endpoint} did not answer: {detail}"
    ko_next = "주소와 모델 이름을 확인하거나, 모델 없이 실행하십시오."
    en_next = "Check address and model name, or run without a model."

    @property
    def sent(self) -> bytes:
        """The body of the request, where the server may have had it; no field, because it is not for a message."""
        return self._sent

    def after_sending(self, body: bytes) -> Self:
        """The same error, of a request with this body.

        >>> ModelError("m@here", "busy").after_sending(b"{}").sent
        b'{}'
        """
        self.__dict__["_sent"] = body
        return self


class ModelClassRefused(ModelError):
    """Texts are in the case that this endpoint may not see, and nobody else is there to go on. Nothing was sent."""

    ko = "모델 서버({endpoint})가 보아서는 안 되는 등급의 글이 사건에 있습니다: {detail}. 아무것도 보내지 않았습니다."
    en = "Texts of a class that {endpoint} may not see are in the case: {detail}. Nothing was sent."
    ko_next = "자리를 사람이나 절차에 넘기거나(jihwi case take, give), 허용된 모델이면 그 등급을 설정에 적으십시오."
    en_next = "Give the seat to a person or a procedure (jihwi case take, give), or allow the class in the settings."


class ModelUnreachable(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})에 연결할 수 없습니다: {detail}"
    en = "The model server at {endpoint} cannot be reached: {detail}"
    ko_next = "서버를 켜거나 주소를 고치거나, --model 없이 실행하십시오."
    en_next = "Start the server, correct the address, or run without --model."


class ModelBusy(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})가 바쁩니다: {detail}"
    en = "The model server at {endpoint} is busy: {detail}"
    ko_next = "잠시 뒤에 다시 하거나, 모델을 쓰는 일이 한꺼번에 몰리지 않게 `model_turns` 설정을 낮추십시오."
    en_next = "Try again in a while, or ask it less at a time with the setting `model_turns`."
    retry_after_seconds: float = 0.0
    """How long the server asks to be left alone; 0 when it does not say."""


class ModelTimeout(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})가 제때 답하지 않았습니다: {detail}"
    en = "The model server at {endpoint} did not answer in time: {detail}"


class ModelCut(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})의 답이 중간에 끊겼습니다: {detail}"
    en = "The answer of the model server at {endpoint} was cut off: {detail}"


class ModelRefused(ModelError):
    ko = "모델 서버({endpoint})가 요청을 거절했습니다: {detail}"
    en = "The model server at {endpoint} refused the request: {detail}"


class ModelKeyWrong(ModelRefused):
    ko = "모델 서버({endpoint})의 열쇠가 맞지 않습니다: {detail}"
    en = "The key for the model server at {endpoint} is not right: {detail}"
    ko_next = "`model_key` 설정이 가리키는 열쇠를 확인하거나, 모델 없이 실행하십시오."
    en_next = "Check the key that the setting `model_key` points to, or run without a model."


class ModelAddressWrong(ModelRefused):
    ko = "모델 서버({endpoint})에 그런 주소나 모델이 없습니다: {detail}"
    en = "There is no such address or model at {endpoint}: {detail}"
    ko_next = "주소는 대개 `/v1`로 끝납니다. 주소와, 서버가 부르는 모델 이름을 확인하십시오."
    en_next = "An address mostly ends with `/v1`. Check it, and the name the server knows the model by."


class ModelToolsOff(ModelRefused):
    ko = "모델 서버({endpoint})가 도구 호출을 받지 않습니다: {detail}"
    en = "The model server at {endpoint} takes no tool calls: {detail}"
    ko_next = (
        "서버를 도구 호출과 함께 켜거나(vLLM은 --enable-auto-tool-choice와 --tool-call-parser, llama.cpp는 --jinja),"
        " 도구를 쓸 줄 아는 모델로 바꾸십시오."
    )
    en_next = (
        "Start the server with tool calls on (vLLM: --enable-auto-tool-choice and --tool-call-parser; llama.cpp:"
        " --jinja), or use a model that knows tools."
    )


class ModelUntrusted(ModelRefused):
    ko = "모델 서버({endpoint})의 인증서를 확인할 수 없습니다: {detail}"
    en = "The certificate of the model server at {endpoint} cannot be trusted: {detail}"
    ko_next = "기관의 루트 인증서(PEM 파일)를 환경 변수 SSL_CERT_FILE로 알려 주십시오."
    en_next = "Name your organisation's root certificate, a PEM file, in the environment as SSL_CERT_FILE."


class ModelSaidNothing(ModelRefused):
    """The answer ended before its first word; asked the same again, it would end the same."""

    ko = "모델({endpoint})의 답이 첫 글자도 나오기 전에 끝났습니다: {detail}"
    en = "The answer of the model at {endpoint} ended before its first word: {detail}"
    ko_next = "`model_tokens` 설정(답의 길이)을 늘리거나, 생각을 짧게 하는 모델을 쓰십시오."
    en_next = "Raise the setting `model_tokens` (an answer's length), or use a model that thinks less aloud."


class ModelNonsense(ModelError):
    retryable = True
    ko = "모델 서버({endpoint})의 답을 이해할 수 없습니다: {detail}"
    en = "The answer of the model server at {endpoint} cannot be understood: {detail}"


class ModelFailed(ModelError):
    """The server itself failed while it answered."""

    retryable = True
    ko = "모델 서버({endpoint})에서 오류가 났습니다: {detail}"
    en = "The model server at {endpoint} failed: {detail}"
    ko_next = "모델 서버의 기록을 보십시오."
    en_next = "Look into the model server's own log."


class ModelContextFull(ModelRefused):
    """The prompt is longer than the model takes: the context must be compacted, by a recorded event."""

    ko = "모델({endpoint})이 받을 수 있는 길이를 넘었습니다: {detail}"
    en = "The prompt is longer than the model at {endpoint} takes: {detail}"
    ko_next = "일을 나누거나, `model_tokens` 설정(답의 길이)을 낮추거나, 더 긴 글을 받게 서버를 켜십시오."
    en_next = (
        "Split the work, lower the setting `model_tokens` (an answer's length), or let the server take longer prompts."
    )


class ProcedureFailed(ModelError):
    """A procedure raised. It is a pure function, so trying again would end the same."""

    ko = "절차 '{endpoint}'가 실패했습니다: {detail}"
    en = "The procedure '{endpoint}' failed: {detail}"
    ko_next = "팀 폴더의 절차를 고치십시오."
    en_next = "Mend the procedure in the team's folder."
