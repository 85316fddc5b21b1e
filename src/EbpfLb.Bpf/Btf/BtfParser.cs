using System.Buffers.Binary;
using System.Text;

namespace EbpfLb.Bpf.Btf;

/// <summary>Reads the bytes of a .BTF section, type after type.</summary>
internal ref struct BtfParser
{
    private const ushort Magic = 0xeb9f;
    private ReadOnlySpan<byte> rest;
    private ReadOnlySpan<byte> strings;

    public static List<BtfType> Parse(ReadOnlySpan<byte> btf)
    {
        if (btf.Length < 24 || BinaryPrimitives.ReadUInt16LittleEndian(btf) != Magic)
            throw Broken("the section is no BTF");
        try
        {
            var header = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(btf[4..]));
            var body = btf[header..];
            var parser = new BtfParser
            {
                rest = Part(body, btf[8..]),
                strings = Part(body, btf[16..]),
            };
            List<BtfType> types = [new BtfVoid()];
            while (!parser.rest.IsEmpty)
                types.Add(parser.Next());
            return types;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw Broken("it is cut off");
        }
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> body, ReadOnlySpan<byte> place) => body.Slice(
        checked((int)BinaryPrimitives.ReadUInt32LittleEndian(place)), checked((int)BinaryPrimitives.ReadUInt32LittleEndian(place[4..])));

    private static BpfException Broken(string why) => new(Errno.LibbpfFormat, "read BTF:", why, "build the BPF object again");

    private BtfType Next()
    {
        var name = Name(U32());
        var info = U32();
        var count = (int)(info & 0xffff);
        var flag = info >> 31 != 0;
        var sizeOrType = U32();
        return ((info >> 24) & 0x1f) switch
        {
            1 => Integer(name, sizeOrType),
            2 => new BtfPointer(sizeOrType),
            3 => Array(),
            4 => Struct(name, sizeOrType, isUnion: false, count, flag),
            5 => Struct(name, sizeOrType, isUnion: true, count, flag),
            6 => Enum(name, sizeOrType, flag, count),
            7 => new BtfForward(name, flag),
            8 => new BtfTypedef(name, sizeOrType),
            9 => new BtfModifier("volatile", sizeOrType),
            10 => new BtfModifier("const", sizeOrType),
            11 => new BtfModifier("restrict", sizeOrType),
            12 => new BtfFunction(name, sizeOrType),
            13 => Prototype(sizeOrType, count),
            14 => new BtfVariable(name, sizeOrType, IsStatic: U32() == 0),
            15 => DataSection(name, sizeOrType, count),
            16 => new BtfFloat(name, sizeOrType),
            17 => new BtfDeclarationTag(name, sizeOrType, (int)U32()),
            18 => new BtfModifier("type_tag", sizeOrType),
            19 => Enum64(name, sizeOrType, flag, count),
            var kind => throw Broken($"type kind {kind} is unknown"),
        };
    }

    private BtfInt Integer(string name, uint size)
    {
        var encoding = U32() >> 24;
        return new BtfInt(name, size, IsSigned: (encoding & 1) != 0, IsBool: (encoding & 4) != 0);
    }

    private BtfArray Array()
    {
        var element = U32();
        U32(); // type of the index
        return new BtfArray(element, U32());
    }

    private BtfStruct Struct(string name, uint size, bool isUnion, int count, bool hasBitFields)
    {
        var members = new BtfMember[count];
        for (var i = 0; i < count; i++)
        {
            var memberName = Name(U32());
            var type = U32();
            var offset = U32();
            // With the flag set the offset's upper byte is the width of a bit field.
            members[i] = hasBitFields
                ? new BtfMember(memberName, type, offset & 0xffffff, offset >> 24)
                : new BtfMember(memberName, type, offset, 0);
        }

        return new BtfStruct(name, size, isUnion, members);
    }

    private BtfEnum Enum(string name, uint size, bool isSigned, int count)
    {
        var values = new BtfEnumValue[count];
        for (var i = 0; i < count; i++)
        {
            var valueName = Name(U32());
            var value = U32();
            values[i] = new BtfEnumValue(valueName, isSigned ? (int)value : value);
        }

        return new BtfEnum(name, size, isSigned, values);
    }

    private BtfEnum Enum64(string name, uint size, bool isSigned, int count)
    {
        var values = new BtfEnumValue[count];
        for (var i = 0; i < count; i++)
        {
            var valueName = Name(U32());
            var low = U32();
            values[i] = new BtfEnumValue(valueName, (long)(((ulong)U32() << 32) | low));
        }

        return new BtfEnum(name, size, isSigned, values);
    }

    private BtfPrototype Prototype(uint returnType, int count)
    {
        var parameters = new BtfParameter[count];
        for (var i = 0; i < count; i++)
        {
            var parameterName = Name(U32());
            parameters[i] = new BtfParameter(parameterName, U32());
        }

        return new BtfPrototype(returnType, parameters);
    }

    private BtfDataSection DataSection(string name, uint size, int count)
    {
        var entries = new BtfSectionEntry[count];
        for (var i = 0; i < count; i++)
        {
            var type = U32();
            var offset = U32();
            entries[i] = new BtfSectionEntry(type, offset, U32());
        }

        return new BtfDataSection(name, size, entries);
    }

    private uint U32()
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        rest = rest[4..];
        return value;
    }

    private readonly string Name(uint offset)
    {
        var text = strings[checked((int)offset)..];
        return Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
    }
}
