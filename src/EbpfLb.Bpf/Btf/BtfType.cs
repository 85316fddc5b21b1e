namespace EbpfLb.Bpf.Btf;

/// <summary>A type of BTF (Documentation/bpf/btf.rst). References are ids into <see cref="BtfTypes"/>; id 0 is void.</summary>
/// <param name="Name">Name in C; empty for anonymous ones.</param>
public abstract record BtfType(string Name);

/// <summary>void.</summary>
public sealed record BtfVoid() : BtfType("void");

/// <summary>An integer.</summary>
/// <param name="Name">Name in C ("unsigned int").</param>
/// <param name="Size">Bytes.</param>
/// <param name="IsSigned">Signed.</param>
/// <param name="IsBool">_Bool.</param>
public sealed record BtfInt(string Name, uint Size, bool IsSigned, bool IsBool) : BtfType(Name);

/// <summary>A floating point number.</summary>
public sealed record BtfFloat(string Name, uint Size) : BtfType(Name);

/// <summary>A pointer.</summary>
public sealed record BtfPointer(uint TypeId) : BtfType("");

/// <summary>An array.</summary>
public sealed record BtfArray(uint TypeId, uint Count) : BtfType("");

/// <summary>A member of a struct or union.</summary>
/// <param name="Name">Name in C; empty for an anonymous struct or union.</param>
/// <param name="TypeId">Its type.</param>
/// <param name="BitOffset">Bits from the start of the struct.</param>
/// <param name="BitSize">Bits of a bit field; 0 for an ordinary member.</param>
public sealed record BtfMember(string Name, uint TypeId, uint BitOffset, uint BitSize);

/// <summary>A struct or union.</summary>
public sealed record BtfStruct(string Name, uint Size, bool IsUnion, IReadOnlyList<BtfMember> Members) : BtfType(Name);

/// <summary>An enumerator.</summary>
public sealed record BtfEnumValue(string Name, long Value);

/// <summary>An enum of 1 to 8 bytes.</summary>
/// <param name="Name">Name in C.</param>
/// <param name="Size">Bytes.</param>
/// <param name="IsSigned">Marked as signed. Compilers before LLVM 16 mark none, so that a negative value of theirs reads as 2^32
/// more.</param>
/// <param name="Values">The enumerators, in the order of the source.</param>
public sealed record BtfEnum(string Name, uint Size, bool IsSigned, IReadOnlyList<BtfEnumValue> Values) : BtfType(Name);

/// <summary>A struct or union that is declared only.</summary>
public sealed record BtfForward(string Name, bool IsUnion) : BtfType(Name);

/// <summary>A typedef.</summary>
public sealed record BtfTypedef(string Name, uint TypeId) : BtfType(Name);

/// <summary>const, volatile, restrict or a type tag, which change no layout.</summary>
public sealed record BtfModifier(string Keyword, uint TypeId) : BtfType("");

/// <summary>A function.</summary>
public sealed record BtfFunction(string Name, uint PrototypeId) : BtfType(Name);

/// <summary>A parameter of a prototype.</summary>
public sealed record BtfParameter(string Name, uint TypeId);

/// <summary>The type of a function.</summary>
public sealed record BtfPrototype(uint ReturnTypeId, IReadOnlyList<BtfParameter> Parameters) : BtfType("");

/// <summary>A global variable.</summary>
/// <param name="Name">Name in C.</param>
/// <param name="TypeId">Its type.</param>
/// <param name="IsStatic">Not visible to other objects.</param>
public sealed record BtfVariable(string Name, uint TypeId, bool IsStatic) : BtfType(Name);

/// <summary>A variable's place in its section.</summary>
public sealed record BtfSectionEntry(uint TypeId, uint Offset, uint Size);

/// <summary>A section of global variables (".rodata", ".maps").</summary>
public sealed record BtfDataSection(string Name, uint Size, IReadOnlyList<BtfSectionEntry> Entries) : BtfType(Name);

/// <summary>A btf_decl_tag attribute.</summary>
/// <param name="Name">Its text.</param>
/// <param name="TypeId">What it is put on.</param>
/// <param name="MemberIndex">Member or parameter that it is on; -1: the declaration itself.</param>
public sealed record BtfDeclarationTag(string Name, uint TypeId, int MemberIndex) : BtfType(Name);
