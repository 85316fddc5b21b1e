namespace EbpfLb.Agent.Migration;

/// <summary>
/// The CNI plugin portmap where it is told to have kube-proxy's chain masquerade for hostPorts (externalSetMarkChain). It jumps to that
/// chain from a chain of each pod that has hostPorts, and never makes it: without it no such pod starts (plugins/meta/portmap/portmap.go).
/// So the chain is needed also while no pod has hostPorts.
/// </summary>
internal static class PortMap
{
    /// <summary>It makes the first with the first pod that has hostPorts, and the second too where it masquerades by itself.</summary>
    private const string Entry = "CNI-HOSTPORT-DNAT", OwnMark = "CNI-HOSTPORT-SETMARK";

    /// <summary>Where kubelets, container runtimes and k3s have configurations of the CNI.</summary>
    private static readonly string[] Directories = ["/etc/cni/net.d", "/var/lib/rancher/k3s/agent/etc/cni/net.d"];

    /// <summary>Why the chain that marks is needed though nothing jumps to it now; null: it is not.</summary>
    /// <param name="table">One of the name "nat".</param>
    /// <param name="configuration">See <see cref="Configuration"/>.</param>
    public static string? NeedOf(SavedTable table, string? configuration)
    {
        if (configuration is not null) return $"{configuration} has the CNI plugin portmap jump to it (externalSetMarkChain)";
        return table.Has(Entry) && !table.Has(OwnMark)
            ? $"the CNI plugin portmap has {Entry} here and no {OwnMark} of its own, so it may be told to jump to it (externalSetMarkChain)"
            : null;
    }

    /// <summary>The file that tells portmap so; null: there is none that can be read.</summary>
    public static string? Configuration() => Directories.Where(Directory.Exists)
        .SelectMany(d => Directory.EnumerateFiles(d, "*", new EnumerationOptions())).Order(StringComparer.Ordinal).FirstOrDefault(IsToldSo);

    private static bool IsToldSo(string file)
    {
        try
        {
            var text = File.ReadAllText(file);
            return text.Contains("externalSetMarkChain", StringComparison.Ordinal)
                && text.Contains(KubeProxyChains.MarkForMasquerade, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
