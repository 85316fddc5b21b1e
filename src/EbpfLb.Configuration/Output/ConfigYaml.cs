using System.Text;
using System.Text.Json.Nodes;
using EbpfLb.Configuration.Fields;

namespace EbpfLb.Configuration.Output;

/// <summary>Configurations as YAML, with every field and, where wanted, with what each does.</summary>
public static class ConfigYaml
{
    private const int CommentColumn = 48;

    /// <summary>Both documents.</summary>
    public static string Write(LoadedConfig config, bool withComments = false)
        => string.Join("---\n", ConfigDocument.Both.Select(document => Write(document, config, withComments)));

    /// <summary>One of the two.</summary>
    public static string Write(ConfigDocument document, LoadedConfig config, bool withComments = false)
    {
        var text = new StringBuilder();
        WriteFields(text, document.Write(config), "", 0, withComments ? document.Comment : null);
        return text.ToString();
    }

    private static void WriteFields(StringBuilder text, JsonObject fields, string prefix, int indent, Func<string, string?>? comment)
    {
        foreach (var (name, value) in fields)
        {
            var start = text.Length;
            text.Append(' ', indent).Append(name).Append(':');
            var path = prefix + name;
            if (value is JsonObject { Count: > 0 } inner)
            {
                Finish(text, start, comment?.Invoke(path));
                WriteFields(text, inner, path + ".", indent + 2, comment);
                continue;
            }
            // JSON values are YAML; lists are short enough for one line.
            text.Append(' ').Append(value is JsonValue scalar && scalar.TryGetValue<string>(out var word) && IsPlain(word) ? word
                : value?.ToJsonString() ?? "null");
            Finish(text, start, comment?.Invoke(path));
        }
    }

    private static void Finish(StringBuilder text, int start, string? comment)
    {
        if (comment is not null) text.Append(' ', Math.Max(2, CommentColumn - (text.Length - start))).Append("# ").Append(comment);
        text.Append('\n');
    }

    /// <summary>Words that mean the same without quotes.</summary>
    private static bool IsPlain(string word)
        => word.Length > 0 && char.IsAsciiLetter(word[0]) && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-')
            && word.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n" or "null");
}
