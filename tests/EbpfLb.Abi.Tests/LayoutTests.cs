using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Abi.Tests;

/// <summary>Compares every type of the assembly with BTF by reflection, without trusting the generator.</summary>
public sealed class LayoutTests
{
    /// <summary>Hand-written types that cross to the kernel, each with a test of its own below.</summary>
    private static readonly Type[] NetworkOrder = [typeof(Be16), typeof(Be32)];

    /// <summary>Types that never cross to the kernel.</summary>
    private static readonly Type[] ForUserSpaceOnly =
        [typeof(AbiInfo), typeof(AbiBytes), typeof(Tables), typeof(Table), typeof(Table<,>), typeof(KnobValue), typeof(DatapathConfig)];

    public static TheoryData<string> Structs => [.. Roots().OfType<BtfStruct>().Select(type => type.Name)];

    public static TheoryData<string> Enums => [.. Roots().OfType<BtfEnum>().Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(Structs))]
    public void A_struct_lies_in_memory_as_C_lays_it_out(string name)
    {
        var types = BuiltObject.Types();
        var c = types.FindStruct(name)!;
        var csharp = Find(name);

        Assert.Equal((int)c.Size, SizeOf(csharp));
        Assert.Equal(
            c.Members.Select(member => (Plain(member.Name), (int)(member.BitOffset / 8), (int)types.SizeOf(member.TypeId))),
            Fields(csharp).Select(field => (Plain(field.Name), OffsetOf(field), SizeOf(field.FieldType))));
    }

    [Theory]
    [MemberData(nameof(Structs))]
    public void A_struct_has_no_hidden_padding(string name)
    {
        var fields = Fields(Find(name)).ToList();
        var end = 0;

        foreach (var field in fields)
        {
            Assert.Equal(end, OffsetOf(field));
            end += SizeOf(field.FieldType);
        }

        Assert.Equal(SizeOf(Find(name)), end);
    }

    [Theory]
    [MemberData(nameof(Enums))]
    public void An_enum_has_the_values_of_C(string name)
    {
        var c = BuiltObject.Types().FindEnum(name)!;
        var csharp = Find(name);

        Assert.Equal((int)c.Size, SizeOf(Enum.GetUnderlyingType(csharp)));
        Assert.Equal(c.Values.Select(value => value.Value).Order(), csharp.GetEnumValues().Cast<object>().Select(Convert.ToInt64).Order());
        foreach (var value in c.Values)
        {
            var member = Enum.GetName(csharp, Enum.ToObject(csharp, value.Value));
            Assert.EndsWith(Plain(member!), Plain(value.Name));
        }
    }

    [Fact]
    public void Every_map_is_in_the_catalogue_with_its_types()
    {
        var maps = BtfMapDefinition.ReadAll(BuiltObject.Types());

        Assert.Equal(
            maps.Select(map => (map.Name, (int)map.Type, (int)map.KeySize, (int)map.ValueSize, map.MaxEntries, (uint)map.Flags)),
            Tables.All.Select(table => (table.Name, table.MapType, table.KeySize, table.ValueSize, table.MaxEntries, table.Flags)));
        foreach (var table in Tables.All.Where(table => table.GetType().IsGenericType))
        {
            var arguments = table.GetType().GetGenericArguments();
            Assert.Equal((table.KeySize, table.ValueSize), (SizeOf(arguments[0]), SizeOf(arguments[1])));
        }
    }

    [Fact]
    public void Every_public_type_is_checked()
    {
        var checkedTypes = Roots().Select(type => Find(type.Name)).Concat(NetworkOrder).Concat(ForUserSpaceOnly).ToHashSet();
        var arrays = typeof(AbiInfo).Assembly.GetExportedTypes().Where(type => type.GetCustomAttribute<InlineArrayAttribute>() is not null);

        // An array is checked by every struct that holds it; one that nobody holds is not.
        var held = checkedTypes.SelectMany(Fields).Select(field => field.FieldType).ToHashSet();

        Assert.Empty(typeof(AbiInfo).Assembly.GetExportedTypes().Except(arrays).Except(checkedTypes));
        Assert.Empty(arrays.Except(held));
    }

    private static IReadOnlyList<BtfType> Roots() => AbiFingerprint.Roots(BuiltObject.Types(), "lb_");

    private static Type Find(string name) =>
        typeof(AbiInfo).Assembly.GetExportedTypes().Single(type => Plain(type.Name) == Plain(name));

    private static string Plain(string name) => name.Replace("_", "").ToLowerInvariant();

    private static IEnumerable<FieldInfo> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public).Where(field => !type.IsEnum).OrderBy(OffsetOf);

    private static int OffsetOf(FieldInfo field) => (int)Marshal.OffsetOf(field.DeclaringType!, field.Name);

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
