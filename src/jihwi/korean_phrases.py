"""Whole phrases in English and what they are in Korean: what a value should be, what the system says, what is wrong."""

from __future__ import annotations

__all__ = ["PHRASES", "TYPES"]

_EXPECTED = {
    "text": "글",
    "TOML": "TOML 형식",
    "a folder on this machine": "이 컴퓨터의 폴더",
    "postgresql://USER:PASSWORD@HOST/NAME": "postgresql://사용자:비밀번호@서버/이름",
    "env:NAME or file:PATH": "env:이름 또는 file:경로",
    "postgresql://USER:PASSWORD@HOST/NAME, env:NAME or file:PATH": (
        "postgresql://사용자:비밀번호@서버/이름, env:이름 또는 file:경로"
    ),
    "ko, en or auto": "ko, en, auto 가운데 하나",
    "a short name": "짧은 이름",
    "labels separated by commas": "쉼표로 나눈 표지",
    "a built-in team or a folder": "내장 팀의 이름이나 폴더",
    "folders separated by commas": "쉼표로 나눈 폴더",
    "NAME=http://HOST/mcp or NAME=stdio:PROGRAM, one a line": (
        "한 줄에 하나씩 이름=http://서버/mcp 또는 이름=stdio:프로그램"
    ),
    "openai:NAME@http://127.0.0.1:8000/v1, or empty for no model": (
        "openai:모델이름@http://127.0.0.1:8000/v1, 모델 없이 일하려면 빈 값"
    ),
    "openai:NAME@http://127.0.0.1:8000/v1, or empty for none": "openai:모델이름@http://127.0.0.1:8000/v1, 없으면 빈 값",
    "openai:NAME@http://127.0.0.1:8000/v1, local:FOLDER, or empty for words alone": (
        "openai:모델이름@http://127.0.0.1:8000/v1, local:폴더, 낱말로만 찾으려면 빈 값"
    ),
    "a number of seconds": "초 단위의 0보다 큰 수",
    "a whole number, 1 or more": "1 이상의 정수",
    "a whole number; 0 for as many as come": "0 이상의 정수, 0이면 오는 대로",
    "a whole number; 0 for one a core": "0 이상의 정수, 0이면 코어마다 하나",
    "C, S and O separated by commas": "쉼표로 나눈 C, S, O",
    "C, S or O": "C, S, O 가운데 하나",
    "official, draft, repealed, older, copy or fragment=WEIGHT (-1 to 1), separated by commas": (
        "official, draft, repealed, older, copy, fragment에 -1부터 1까지의 수를 이름=수로, 쉼표로 나누어"
    ),
    "NAME=COUNT separated by commas": "쉼표로 나눈 이름=1 이상의 정수",
    "64 hexadecimal letters": "16진수 글자 64개",
    "a public key, 64 hexadecimal letters, or a file that holds it": "16진수 글자 64개인 공개 열쇠나 그 파일",
    "an Ed25519 private key as PEM, or as 64 hexadecimal letters": "PEM이나 16진수 글자 64개로 적은 Ed25519 개인 열쇠",
    "a file of signed/, a released report.json or a ledger": (
        "signed/의 파일, 내보낸 report.json, 원장 파일 가운데 하나"
    ),
    "C, S or O, or PATH=C, PATH=S, PATH=O": "C, S, O 가운데 하나, 또는 경로=C처럼",
    "a case, or --before YYYY-MM-DD, or both": "사건이나 --before 연-월-일 (둘 다여도 됨)",
    "a day such as 2026-01-31": "2026-01-31과 같은 날짜",
    "--to NAME@HOST": "--to 이름@서버",
    "a command with its arguments; no pipes, no variables": "명령과 그 인자. 파이프와 변수는 쓸 수 없음",
    "an http:// or https:// address; empty for the one the console listens at": (
        "http://나 https:// 주소, 콘솔이 여는 주소를 그대로 쓰려면 빈 값"
    ),
    "HOST or HOST:PORT; empty for none": "서버 또는 서버:포트, 없으면 빈 값",
    "a mail address": "메일 주소",
    "none, starttls or tls": "none, starttls, tls 가운데 하나",
    "a name; empty when the server asks for none": "이름, 서버가 묻지 않으면 빈 값",
    "an address below one of webhooks_allowed; empty for none": (
        "webhooks_allowed에 적은 주소 가운데 하나의 아래, 없으면 빈 값"
    ),
    "http:// or https:// addresses with commas": "쉼표로 나눈 http://나 https:// 주소",
    "on or off": "on 또는 off",
    "letters, digits, - and _": "글자, 숫자, -, _",
    "C, S or O, at least one": "C, S, O 가운데 하나 이상",
    "the secret": "그 비밀",
    "the password": "그 암호",
    "--files FOLDER": "--files 폴더",
    "one line of printable ASCII": "한 줄의 ASCII 글자",
}

_PLACES = {
    "command line": "명령줄",
    "the settings of the house": "집의 설정",
    "its name": "그 이름",
    "models": "모델 설정",
}

_WRONG = {
    "not set": "정해지지 않음",
    "empty": "비어 있음",
    "something else": "다른 것이 적혀 있음",
    "no command is set": "정해진 명령이 없음",
    "no address": "받을 주소가 없음",
    "too many at once": "한꺼번에 너무 많음",
    "embedding": "임베딩",
    "its header was changed": "머리글이 바뀌었습니다",
    "its body was changed": "내용이 바뀌었습니다",
    "it belongs to another case": "다른 사건의 기록입니다",
    "it does not follow the event before it": "앞의 기록에 이어지지 않습니다",
    "the expected head is not in the chain: its end was cut or rewritten": (
        "기대한 머리값이 사슬에 없습니다. 끝이 잘렸거나 다시 쓰였습니다"
    ),
    "the fork names another head here": "갈라져 나온 사건이 적어 둔 머리값과 다릅니다",
    "the report carries no signature": "보고서에 서명이 없습니다",
    "the report cannot be read": "보고서를 읽을 수 없습니다",
    "the report is not the one that was signed": "서명한 보고서가 아닙니다",
    "a signature over its head does not fit what it signs": "머리값의 서명이 서명한 것과 맞지 않습니다",
    "the file holds no event": "파일에 기록이 하나도 없습니다",
    "the prompt's parts do not make the body that was sent": "프롬프트의 조각이 보낸 것과 맞지 않습니다",
    "the store is closed": "저장소가 닫혔습니다",
    "it is another program's database": "다른 프로그램의 데이터베이스입니다",
    "header": "머리글",
    "size": "크기",
    "cut": "잘렸습니다",
    "no segment": "색인 파일이 아닙니다",
    "the stream ended before the answer did": "답이 끝나기 전에 흐름이 끊김",
    "what answers there does not speak HTTP; does it want https://?": (
        "그 자리의 것은 HTTP로 답하지 않음; 주소가 https://인지 보십시오"
    ),
    "two skills bear this name": "이 이름의 기술이 둘입니다",
    "its first parameter must be the SkillContext": "첫 인자가 SkillContext여야 합니다",
    "it has no docstring, so no mind would know what it does": "설명(docstring)이 없어 무엇을 하는지 알 수 없습니다",
    "there is no sentence": "문장이 없습니다",
    "it divides by nothing, or its result is too large": "0으로 나누거나 결과가 너무 큽니다",
    "arguments": "값",
    "its name is not UTF-8": "이름이 UTF-8이 아님",
    "aliases are not read": "별칭(&, *)은 읽지 않습니다",
}
"""Our own words."""

_SYSTEM = {
    "No such file or directory": "그런 파일이 없음",
    "Permission denied": "권한이 없음",
    "Operation not permitted": "허락되지 않은 일",
    "Is a directory": "파일이 아니라 폴더임",
    "Not a directory": "폴더가 아님",
    "File exists": "같은 이름의 것이 이미 있음",
    "File name too long": "이름이 너무 긺",
    "No space left on device": "디스크가 가득 참",
    "Disk quota exceeded": "정해진 디스크 몫을 다 씀",
    "Read-only file system": "읽기 전용 디스크",
    "Input/output error": "디스크가 답하지 않음",
    "Stale file handle": "네트워크 드라이브와 연결이 끊김",
    "Too many open files": "열린 파일이 너무 많음",
    "Directory not empty": "폴더가 비어 있지 않음",
    "Device or resource busy": "쓰고 있는 중",
    "Cannot allocate memory": "메모리가 모자람",
    "Invalid argument": "쓸 수 없는 값",
    "Exec format error": "실행할 수 없는 파일",
    "Too many levels of symbolic links": "링크가 너무 여러 번 이어짐",
    "Connection refused": "연결을 거절함",
    "Connection reset by peer": "상대가 연결을 끊음",
    "Connection timed out": "제때 연결되지 않음",
    "timed out": "제때 답하지 않음",
    "connection timeout expired": "제때 연결되지 않음",
    "timeout expired": "제때 연결되지 않음",
    "server closed the connection unexpectedly": "서버가 연결을 끊음",
    "Bad file descriptor": "닫혀 있음",
    "File too large": "파일이 너무 큼",
    "Network is unreachable": "네트워크에 닿지 않음",
    "No route to host": "그 서버에 닿지 않음",
    "Host is unreachable": "그 서버에 닿지 않음",
    "Broken pipe": "상대가 먼저 닫음",
    "Name or service not known": "그런 이름의 서버를 찾지 못함",
    "No address associated with hostname": "그런 이름의 서버를 찾지 못함",
    "Temporary failure in name resolution": "서버의 이름을 찾지 못함",
    "Address already in use": "이미 쓰고 있는 주소",
    "Cannot assign requested address": "이 컴퓨터의 주소가 아님",
    "All connection attempts failed": "연결되지 않음",
    "Connection error.": "연결되지 않음",
    "Request timed out.": "제때 답하지 않음",
    "Server disconnected without sending a response.": "서버가 답 없이 연결을 끊음",
    "file is not a database": "데이터베이스 파일이 아님",
    "database disk image is malformed": "데이터베이스 파일이 깨짐",
    "database is locked": "다른 작업이 쓰고 있음",
    "disk I/O error": "디스크에서 읽거나 쓰지 못함",
    "unable to open database file": "데이터베이스 파일을 열 수 없음",
    "attempt to write a readonly database": "읽기 전용이라 쓸 수 없음",
    "database or disk is full": "디스크가 가득 참",
    "FileNotFoundError": "그런 파일이 없음",
    "PermissionError": "권한이 없음",
    "File is not a zip file": "ZIP 파일이 아님",
}

_COMMANDS = {
    "Missing command.": "명령이 있어야 합니다.",
    "Input should be a valid integer, unable to parse string as an integer": "정수가 아닙니다",
    "Input should be a valid integer, got a number with a fractional part": "정수가 아닙니다",
    "Input should be a valid number, unable to parse string as a number": "수가 아닙니다",
    "Input should be a valid boolean, unable to interpret input": "예나 아니요가 아닙니다",
    "Unable to parse input string as an integer, exceeded maximum size": "수가 너무 큽니다",
    "Input should be a finite number": "수가 아닙니다",
    "Input is not a valid path for <class 'pathlib.Path'>": "경로가 아닙니다",
}
"""How the command line was used wrongly."""

_FORMATS = {
    "Invalid initial character for a key part": "이름을 시작할 수 없는 글자입니다",
    "Expected '=' after a key in a key/value pair": "이름 뒤에 '='가 있어야 합니다",
    "Expected ']' at the end of a table declaration": "표 이름이 ']'로 끝나야 합니다",
    "Expected ']]' at the end of an array declaration": "표 이름이 ']]'로 끝나야 합니다",
    "Expected newline or end of document after a statement": "한 줄에 하나만 적어야 합니다",
    "Invalid value": "쓸 수 없는 값입니다. 글은 따옴표 안에 적습니다",
    "Invalid statement": "설정 줄의 모양이 아닙니다",
    "Unterminated string": "글을 닫는 따옴표가 없습니다",
    "Unclosed array": "목록을 닫는 ']'가 없습니다",
    "Unclosed inline table": "'}'로 닫아야 합니다",
    "Cannot overwrite a value": "같은 이름을 두 번 적었습니다",
    "Invalid date or datetime": "그런 날짜나 시각이 없습니다",
    "Invalid hex value": "16진수가 아닙니다",
    "Unescaped '\\' in a string": "글 안의 '\\'는 '\\\\'로 적습니다",
    "Expecting value": "값이 있어야 합니다",
    "Expecting property name enclosed in double quotes": "큰따옴표 안의 이름이 있어야 합니다",
    "Expecting ',' delimiter": "쉼표가 있어야 합니다",
    "Expecting ':' delimiter": "이름 뒤에 ':'가 있어야 합니다",
    "Extra data": "뒤에 남은 것이 있습니다",
    "Unterminated string starting at": "글을 닫는 따옴표가 없습니다",
    "Invalid control character at": "쓸 수 없는 글자입니다",
    "Invalid \\escape": "쓸 수 없는 '\\'입니다",
    "Input data was truncated": "중간에 끝났습니다",
    "invalid character": "쓸 수 없는 글자가 있습니다",
    "trailing characters": "뒤에 남은 것이 있습니다",
    "trailing comma in array": "목록 끝에 쉼표가 남았습니다",
    "trailing comma in object": "끝에 쉼표가 남았습니다",
    "object keys must be strings": "이름은 따옴표 안에 적습니다",
    "expected ':'": "이름 뒤에 ':'가 있어야 합니다",
    "expected ',' or ']'": "','나 ']'가 있어야 합니다",
    "expected ',' or '}'": "','나 '}'가 있어야 합니다",
    "expected '\"'": "큰따옴표가 있어야 합니다",
    "number out of range": "수가 너무 큽니다",
    "invalid number": "수의 모양이 아닙니다",
    "invalid escape character in string": "쓸 수 없는 '\\'입니다",
    "Invalid UTF-8 encoded string": "UTF-8이 아닌 글자가 있습니다",
    "mapping values are not allowed here": "여기에는 ':'를 쓸 수 없습니다. 값에 ':'가 있으면 따옴표 안에 적으십시오",
    "could not find expected ':'": "이름 뒤에 ':'가 있어야 합니다",
    "did not find expected key": "이름이 있어야 합니다",
    "sequence entries are not allowed here": "여기에는 '-'로 시작하는 줄을 쓸 수 없습니다",
    "found unexpected ':'": "여기에는 ':'를 쓸 수 없습니다",
    "found unhashable key": "이름으로 쓸 수 없는 것입니다",
    "the node content": "값",
    "'<stream end>'": "파일의 끝",
    "special characters are not allowed": "쓸 수 없는 글자가 있습니다",
    "'string'": "글",
    "'integer'": "정수",
    "'number'": "수",
    "'boolean'": "true나 false",
    "'array'": "목록",
    "'object'": "이름과 값의 묶음",
    "'null'": "빈 값",
    ">=": " 이상이어야",
    "<=": " 이하여야",
    "==": "이어야",
    ">": "보다 커야",
    "<": "보다 작아야",
    "unexpected end of data": "중간에 끝났습니다",
}
"""Words of the libraries that read TOML, JSON and YAML and check shapes."""

PHRASES = _EXPECTED | _PLACES | _WRONG | _SYSTEM | _COMMANDS | _FORMATS

TYPES = {
    "int": "정수",
    "float": "수",
    "str": "글",
    "bool": "true나 false",
    "array": "목록",
    "object": "이름과 값의 묶음",
    "null": "빈 값",
    "datetime": "날짜와 시각",
    "date": "날짜",
}
"""The kinds of value that msgspec names."""
