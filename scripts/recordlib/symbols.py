"""The functions that a program's symbol tables name. A stripped QEMU still names those that its modules may call."""

import struct

from .errors import RecordError

SYMTAB, DYNSYM = 2, 11
FUNCTION = 2


def functions(path):
    """Names of the functions that the ELF file defines, from whatever symbol table it has."""
    try:
        with open(path, "rb") as file:
            image = file.read()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error
    if image[:4] != b"\x7fELF":
        raise RecordError(f"{path}: is no program but perhaps a script; name the qemu-system binary itself")
    if image[4:6] != b"\x02\x01":
        raise RecordError(f"{path}: only 64-bit little-endian programs are supported")
    table, = struct.unpack_from("<Q", image, 0x28)
    size, count = struct.unpack_from("<HH", image, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, table + number * size) for number in range(count)]
    names = set()
    for _, kind, _, _, offset, length, link, _, _, entry in sections:
        if kind not in (SYMTAB, DYNSYM):
            continue
        strings, strings_length = sections[link][4], sections[link][5]
        text = image[strings : strings + strings_length]
        for at in range(offset, offset + length, entry):
            name, info, _, section = struct.unpack_from("<IBBH", image, at)
            if info & 0xF == FUNCTION and section != 0:
                names.add(text[name : text.index(b"\0", name)].decode(errors="replace"))
    return names
