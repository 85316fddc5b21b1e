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
}
