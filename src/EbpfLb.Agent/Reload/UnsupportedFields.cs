using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Output;

namespace EbpfLb.Agent.Reload;

/// <summary>Settings of kube-proxy that were set and have no meaning here, with the reasons.</summary>
internal static class UnsupportedFields
{
    /// <summary>Fields with another value than kube-proxy's default: what kubeadm writes out of habit needs no word.</summary>
    public static IEnumerable<FieldNote> Fields(LoadedConfig config)
        => ConfigJson.Differences(LoadedConfig.Default, config)
            .Select(f => ConfigDocument.Find(f.Group, f.Path))
            .OfType<FieldNote>()
            .Where(f => !f.HasMeaning);

    /// <param name="options">Names of options that stand for no field.</param>
    public static IEnumerable<FieldNote> Options(IEnumerable<string> options)
        => KubeProxyFlags.All.Where(flag => options.Contains(flag.Option));

    /// <summary>"ipvs.strictARP, ipvs.scheduler (reason); ..." in one sentence.</summary>
    public static string Format(IEnumerable<FieldNote> notes) => string.Join("; ", notes
        .GroupBy(n => n.Text, n => n.Path.Length > 0 ? n.Path : n.Option!, StringComparer.Ordinal)
        .Select(g => $"{string.Join(", ", g)} ({g.Key})"));
}
