using System.Text.Json.Nodes;
using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>Kinds that only fields of kube-proxy have.</summary>
internal static class KubeProxyKinds
{
    public static readonly FieldKind<string> NodeName = FieldKinds.Text with
    {
        Parse = texts => texts[^1].Trim().Length > 0 ? texts[^1] : throw new FormatException("a node name is not empty"),
    };

    /// <summary>A duration, or nanoseconds as a number: older versions wrote those.</summary>
    public static readonly FieldKind<TimeSpan> TimeOrNanoseconds = FieldKinds.Time with { Read = ReadTimeOrNanoseconds };

    public static readonly FieldKind<ValueList<FeatureGate>> Gates = new("LIST",
        (r, name, _) => r.Flags(name).Select(f => new FeatureGate(f.Name, f.Value)).ToValueList(),
        gates => new JsonObject(gates.Select(g => new KeyValuePair<string, JsonNode?>(g.Name, g.IsOn))),
        texts => OptionText.List(texts).Select(GateOf).ToValueList());

    public static readonly FieldKind<ValueList<VmoduleEntry>> Vmodule = new("LIST",
        (r, name, _) => r.Sections(name).Select(v => new VmoduleEntry(v.Text("filePattern"), v.Int("verbosity"))).ToValueList(),
        entries => new JsonArray([.. entries.Select(e
            => new JsonObject { ["filePattern"] = e.FilePattern, ["verbosity"] = e.Verbosity })]),
        texts => OptionText.List(texts).Select(VmoduleOf).ToValueList());

    /// <summary>An address in the file may leave the port out.</summary>
    public static FieldKind<string> WithPort(int port)
        => FieldKinds.Text with { Read = (r, name, byDefault) => EndpointText.WithPort(r.TextOr(name, byDefault), port) };

    private static TimeSpan ReadTimeOrNanoseconds(FieldReader section, string name, TimeSpan byDefault)
    {
        if (!long.TryParse(section.Text(name), out var nanoseconds)) return section.TimeOr(name, byDefault);
        // What is meant to be short is not 0, which is the default.
        return nanoseconds > 0 ? TimeSpan.FromTicks(Math.Max(1, nanoseconds / TimeSpan.NanosecondsPerTick)) : byDefault;
    }

    private static FeatureGate GateOf(string text)
        => text.Split('=') is [var name, var value] ? new FeatureGate(name, OptionText.Bool(value))
            : throw new FormatException($"'{text}' is no gate; give NAME=true or NAME=false");

    private static VmoduleEntry VmoduleOf(string text)
        => text.Split('=') is [var pattern, var level] ? new VmoduleEntry(pattern, OptionText.Int(level))
            : throw new FormatException($"'{text}' is no level of a file; give FILE=N");
}
