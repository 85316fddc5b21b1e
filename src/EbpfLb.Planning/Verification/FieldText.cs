using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text;
using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Planning.Verification;

/// <summary>Values of maps as people read them, field by field under the names of lb_abi.h.</summary>
public static class FieldText
{
    /// <summary>What trimming must leave in a type that is shown here.</summary>
    public const DynamicallyAccessedMemberTypes Needed = DynamicallyAccessedMemberTypes.PublicFields;

    /// <summary>The fields that differ.</summary>
    public static Difference Differing<[DynamicallyAccessedMembers(Needed)] T>(string what, T expected, T found)
        where T : unmanaged
    {
        List<string> names = [], wanted = [], there = [];
        foreach (var field in typeof(T).GetFields(BindingFlags.Instance | BindingFlags.Public))
        {
            var (mine, theirs) = (field.GetValue(expected)!, field.GetValue(found)!);
            if (mine.Equals(theirs)) continue;
            names.Add(NameOf(field));
            wanted.Add(TextOf(mine));
            there.Add(TextOf(theirs));
        }
        return new Difference(VerifyStage.Kernel, what, string.Join(',', names), string.Join(',', wanted), string.Join(',', there));
    }

    /// <summary>It should be there.</summary>
    public static Difference Missing<[DynamicallyAccessedMembers(Needed)] T>(string what, T expected)
        where T : unmanaged => new(VerifyStage.Kernel, what, Difference.Whole, All(expected), Difference.None);

    /// <summary>It should not be there.</summary>
    public static Difference Unasked<[DynamicallyAccessedMembers(Needed)] T>(string what, T found)
        where T : unmanaged => new(VerifyStage.Kernel, what, Difference.Whole, Difference.None, All(found));

    private static string All<[DynamicallyAccessedMembers(Needed)] T>(T value)
        where T : unmanaged => typeof(T).IsPrimitive
            ? value.ToString()!
            : string.Join(' ',
                typeof(T).GetFields(BindingFlags.Instance | BindingFlags.Public).Select(f => $"{NameOf(f)}={TextOf(f.GetValue(value)!)}"));

    private static string TextOf(object value) => value switch
    {
        LbRange range => $"{range.First}+{range.Count}",
        _ => value.ToString()!,
    };

    private static string NameOf(FieldInfo field)
    {
        var text = new StringBuilder();
        foreach (var c in field.Name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }
}
