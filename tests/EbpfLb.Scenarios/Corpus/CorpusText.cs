using System.Text;
using EbpfLb.Explain;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Scenarios.Corpus;

/// <summary>All Services of the corpus as one of its nodes serves them, for people.</summary>
internal static class CorpusText
{
    public static string Write(string node)
    {
        var loaded = CorpusCluster.Load(node);
        var table = ForwardingCompiler.Compile(loaded.Snapshot, new PolicyOptions { NodeName = node }, null);
        var explainer = new Explainer(table, CorpusCluster.ContextOf(loaded, node));
        var text = new StringBuilder($"# Every frontend of every Service, as {node} answers it. Backends with a "
            + "plus are on this node, those with a star see an address\n");
        text.Append("# of it in place of the client's.\n");
        foreach (var diagnostic in table.Diagnostics) text.Append($"! {diagnostic}\n");
        foreach (var service in table.Services.Where(s => s.Name != Canary.Name))
        {
            if (service.Ports.IsEmpty) text.Append($"\n{service.Name}: not served\n");
            foreach (var port in service.Ports) Write(text, explainer, loaded, node, port);
        }
        return text.ToString();
    }

    private static void Write(StringBuilder text, Explainer explainer, LoadedManifests loaded, string node, CompiledPort port)
    {
        var affinity = port.AffinitySeconds == 0 ? "" : $", ClientIP {port.AffinitySeconds} s";
        text.Append($"\n{port.Key}{affinity}\n");
        var own = CorpusCluster.Of(loaded, node);
        var other = loaded.Nodes.First(n => n.Name != node);
        var family = port.Key.Family;
        foreach (var served in port.Frontends)
        {
            var address = served.Kind == FrontendKind.NodePort ? AddressOf(own, family) : served.Frontend.Address;
            text.Append($"  {served.Kind} {served.Frontend with { Address = address }}{(served.LocalPolicy ? ", policy Local" : "")}\n");
            foreach (var (name, from) in new[]
            {
                ("pod here", PodOf(own, family)), ("pod there", PodOf(other, family)), ("node", AddressOf(own, family)),
                ("outside", IpAddress.Parse(family == IpFamily.IPv4 ? "203.0.113.9" : "2001:db8:99::9")),
            })
            {
                var answer = explainer.Explain(new Flow(from, address, served.Frontend.Port, served.Frontend.Protocol));
                text.Append($"    {name,-10}{answer.Source.Path.ToString().ToLowerInvariant(),-8}{AnswerOf(answer)}\n");
            }
        }
    }

    private static string AnswerOf(Explanation answer) => answer.Verdict == FlowVerdict.Dnat
        ? string.Join(' ', answer.Backends.Select(b => $"{b.Address}{(b.Local ? "+" : "")}{(b.Masquerade ? "*" : "")}"))
        : $"{answer.Verdict.ToString().ToLowerInvariant()}: {answer.Reason}";

    private static IpAddress AddressOf(Node node, IpFamily family) => node.Addresses.First(a => a.Family == family);

    /// <summary>One in the range of the node's pods that no endpoint has.</summary>
    private static IpAddress PodOf(Node node, IpFamily family)
    {
        var range = node.PodCidrs.Select(SourceRange.Parse).First(r => r.Prefix.Family == family);
        Span<byte> bytes = stackalloc byte[16];
        range.Prefix.WriteBytes(bytes);
        bytes[15] = 250;
        return IpAddress.FromBytes(bytes);
    }
}
