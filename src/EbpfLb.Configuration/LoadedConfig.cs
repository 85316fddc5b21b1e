using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;

namespace EbpfLb.Configuration;

/// <summary>What a configuration file says, with the defaults for what it does not say.</summary>
/// <param name="Warnings">Fields that are not known or were given twice, with path and line: they count for nothing.</param>
public sealed record LoadedConfig(KubeProxyConfiguration KubeProxy, EbpfLbConfiguration EbpfLb, IReadOnlyList<string> Warnings)
{
    public static LoadedConfig Default { get; } = new(new KubeProxyConfiguration(), new EbpfLbConfiguration(), []);

    /// <summary>The kubeconfig that came along in kubeadm's ConfigMap; null without one.</summary>
    public string? EmbeddedKubeconfig { get; init; }

    /// <summary>
    /// What an agent that was started with this does once the file says <paramref name="wanted"/>: what can change at once is as wanted,
    /// all else as it was.
    /// </summary>
    public LoadedConfig WithHot(LoadedConfig wanted)
        => ConfigDocument.Both.Aggregate(this, (config, document) => document.TakeHot(config, wanted)) with { Warnings = wanted.Warnings };

    /// <summary>What the file held when it was read; null: it came from no file.</summary>
    public string? Text { get; init; }
}
