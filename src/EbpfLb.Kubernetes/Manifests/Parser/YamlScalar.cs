using System.Globalization;
using System.Text;
using System.Text.Json;
using EbpfLb.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// What a scalar means. kubectl and the API server read YAML by sigs.k8s.io/yaml, which follows YAML 1.1 with a few
/// departures: y/n/yes/no/on/off are booleans, 010 and 0o10 are octal, 1_000 is a number, timestamps and 1:30 stay strings.
/// </summary>
internal static class YamlScalar
{
    private enum Kind
    {
        Null,
        True,
        False,
        Integer,
        Float,
        Text,
    }

    /// <summary>Writes the scalar as a JSON value.</summary>
    public static void Write(Utf8JsonWriter writer, Scalar scalar)
    {
        switch (Resolve(scalar, out var integer, out var number))
        {
            case Kind.Null:
                writer.WriteNullValue();
                break;
            case Kind.True:
                writer.WriteBooleanValue(true);
                break;
            case Kind.False:
                writer.WriteBooleanValue(false);
                break;
            case Kind.Integer:
                if (integer < 0) writer.WriteNumberValue((long)integer);
                else writer.WriteNumberValue((ulong)integer);
                break;
            case Kind.Float when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case Kind.Float:
                throw new YamlSyntaxException(scalar.Start, $"{scalar.Value} has no form in JSON; quote it to make it a string");
            default:
                writer.WriteStringValue(TextOf(scalar));
                break;
        }
    }

    /// <summary>The member name that the scalar stands for: JSON has only strings, so 1 becomes "1" and yes becomes "true".</summary>
    public static string Key(Scalar scalar) => Resolve(scalar, out var integer, out var number) switch
    {
        Kind.True => "true",
        Kind.False => "false",
        Kind.Integer => integer.ToString(),
        Kind.Float => number.ToString("R"),
        Kind.Null => throw new YamlSyntaxException(scalar.Start, "a key is empty; name it or remove the line"),
        _ => TextOf(scalar),
    };

    private static Kind Resolve(Scalar scalar, out Int128 integer, out double number)
    {
        integer = 0;
        number = 0;
        var text = scalar.Value;
        var tag = scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific ? "" : scalar.Tag.Value;
        switch (tag)
        {
            case "":
                return scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty
                    ? ResolvePlain(text, out integer, out number)
                    : Kind.Text;
            case "tag:yaml.org,2002:null":
                return Kind.Null;
            case "tag:yaml.org,2002:bool" or "tag:yaml.org,2002:int" or "tag:yaml.org,2002:float":
                var kind = ResolvePlain(text, out integer, out number);
                if (kind == Kind.Integer && tag.EndsWith("float", StringComparison.Ordinal)) number = (double)integer;
                return kind is Kind.Text or Kind.Null
                    ? throw new YamlSyntaxException(scalar.Start, $"'{text}' is no {tag[18..]}; correct the value or remove the tag")
                    : kind;
            default:
                return Kind.Text;
        }
    }

    private static Kind ResolvePlain(string text, out Int128 integer, out double number)
    {
        integer = 0;
        number = 0;
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return Kind.Null;
            case "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                return Kind.True;
            case "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                return Kind.False;
            case ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF" or ".nan" or ".NaN" or ".NAN":
                number = double.NaN;
                return Kind.Float;
        }
        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('-' or '+' or '.')) return Kind.Text;
        var plain = text.Contains('_') ? text.Replace("_", "", StringComparison.Ordinal) : text;
        if (TryInteger(plain, out integer)) return Kind.Integer;
        return IsFloat(plain) && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out number) ? Kind.Float
            : Kind.Text;
    }

    private static bool TryInteger(ReadOnlySpan<char> text, out Int128 value)
    {
        value = 0;
        var negative = text is ['-', ..];
        if (text is ['-' or '+', ..]) text = text[1..];
        var (radix, prefix) = text switch
        {
            ['0', 'x' or 'X', ..] => (16, 2),
            ['0', 'b' or 'B', ..] => (2, 2),
            ['0', 'o' or 'O', ..] => (8, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        text = text[prefix..];
        if (text.IsEmpty) return false;
        foreach (var c in text)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : int.MaxValue;
            if (digit >= radix) return false;
            value = value * radix + digit;
            if (value > ulong.MaxValue) return false;
        }
        if (negative) value = -value;
        return value >= long.MinValue;
    }

    /// <summary>Digits with an optional point and exponent: what double.Parse would accept besides ("1,000", " 1") is text.</summary>
    private static bool IsFloat(ReadOnlySpan<char> text)
    {
        if (text is ['-' or '+', ..]) text = text[1..];
        var mantissa = text.IndexOfAny('e', 'E') is var at && at >= 0 ? text[..at] : text;
        var digits = 0;
        var points = 0;
        foreach (var c in mantissa)
        {
            if (c == '.') points++;
            else if (char.IsAsciiDigit(c)) digits++;
            else return false;
        }
        if (digits == 0 || points > 1) return false;
        if (at < 0) return true;
        var exponent = text[(at + 1)..];
        if (exponent is ['-' or '+', ..]) exponent = exponent[1..];
        return !exponent.IsEmpty && !exponent.ContainsAnyExceptInRange('0', '9');
    }

    private static string TextOf(Scalar scalar)
    {
        if (scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific || scalar.Tag.Value != "tag:yaml.org,2002:binary") return scalar.Value;
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(scalar.Value));
        }
        catch (FormatException)
        {
            throw new YamlSyntaxException(scalar.Start, "!!binary is not base64; correct it");
        }
    }
}
