using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Policy.Compiling;
using EbpfLb.Policy.Conflicts;
using EbpfLb.Policy.Endpoints;
using EbpfLb.Policy.Frontends;

namespace EbpfLb.Policy;

/// <summary>Turns the state of the cluster into what this node does with it. Pure: the same input, the same table.</summary>
public static class ForwardingCompiler
{
    /// <summary>
    /// Compiles a snapshot. What did not change since <paramref name="previous"/> keeps its reference and costs one
    /// reference comparison; when nothing changed at all, <paramref name="previous"/> itself is returned. Another zone or primary
    /// address of the own node compiles everything anew, and what does the same then keeps its reference.
    /// </summary>
    /// <param name="previous">The table compiled before, null at first.</param>
    public static ForwardingTable Compile(ClusterSnapshot snapshot, PolicyOptions options, ForwardingTable? previous)
        => new Compilation(options, NodeFacts.Of(options, snapshot.Node), previous ?? ForwardingTable.Empty).Run(snapshot);

    private sealed class Compilation(PolicyOptions options, NodeFacts node, ForwardingTable previous)
    {
        private readonly ServiceCompiler compiler = new(
            options,
            node,
            [new ClusterIpFrontends(), new LoadBalancerFrontends(), new ExternalIpFrontends(), new NodePortFrontends()],
            [new ClusterList(node), new LocalList(node)]);

        private readonly ClaimsUpdate claims = new(previous.State.Claims);
        private readonly bool sameOptions = options.Equals(previous.State.Options);
        private readonly bool sameNode = node.Equals(previous.State.Node);

        /// <summary>Services by name whose outcome must be resolved again, with what they want; null when they are gone.</summary>
        private readonly Dictionary<ObjectName, CompiledService?> changed = [];

        /// <summary>ClusterIPs that other proxies serve.</summary>
        private readonly List<IpAddress> foreign = [];

        public ForwardingTable Run(ClusterSnapshot snapshot)
        {
            var walk = new SourceWalk(previous.State.Sources, snapshot.Services);
            var sources = new CompiledSource[snapshot.Services.Count];
            var count = 0;
            var sameSources = sources.Length == previous.State.Sources.Length;
            foreach (var (_, entry) in snapshot.Services)
            {
                if (entry.Service is { } service && service.Labels.HasFlag(ServiceLabels.ProxyName)) foreign.AddRange(service.ClusterIPs);
                var index = walk.Find(entry);
                var source = Compile(entry, index);
                sameSources &= index == count && ReferenceEquals(source.Entry, previous.State.Sources[index].Entry);
                sources[count++] = source;
            }
            foreach (var gone in walk.Gone()) Change(gone.Wanted, null, gone.Entry.Name);
            if (!sameOptions) Change(previous.Find(Canary.Name), Canary.Compile(options), Canary.Name);
            var cidrs = CidrsOf(snapshot);
            if (sameSources && sameOptions && sameNode && changed.Count == 0 && cidrs == previous.ServiceCidrs) return previous;
            return Finish(sources, cidrs);
        }

        private CompiledSource Compile(ServiceEntry entry, int index)
        {
            if (index < 0)
            {
                var wanted = compiler.Compile(entry);
                Change(null, wanted, entry.Name);
                return new CompiledSource(entry, wanted);
            }
            var old = previous.State.Sources[index];
            if (sameOptions && sameNode && ReferenceEquals(old.Entry, entry)) return old;
            var now = compiler.Compile(entry);
            if (now.Equals(old.Wanted)) return new CompiledSource(entry, old.Wanted);
            Change(old.Wanted, now, entry.Name);
            return new CompiledSource(entry, now);
        }

        private void Change(CompiledService? old, CompiledService? wanted, ObjectName name)
        {
            claims.Replace(old, wanted);
            changed[name] = wanted;
        }

        private ForwardingTable Finish(CompiledSource[] sources, ValueList<SourceRange> cidrs)
        {
            var newClaims = claims.ToClaims();
            AddAffected(sources);
            var diagnostics = previous.State.Diagnostics.ToBuilder();
            var results = new Dictionary<ObjectName, CompiledService?>(changed.Count);
            foreach (var (name, wanted) in changed)
            {
                var resolved = wanted is null ? null : ConflictResolver.Resolve(wanted, newClaims);
                if (resolved is null || resolved.Diagnostics.IsEmpty) diagnostics.Remove(name);
                else diagnostics[name] = resolved.Diagnostics;
                results[name] = resolved is not null && previous.Find(name) is { } old && old.Equals(resolved) ? old : resolved;
            }
            var all = diagnostics.ToImmutable();
            var flat = ReferenceEquals(all, previous.State.Diagnostics)
                ? previous.Diagnostics
                : all.SelectMany(d => d.Value).ToImmutableArray();
            return new ForwardingTable(
                previous.Services.With(results), new CompileState(options, node, sources, newClaims, all), flat, cidrs);
        }

        /// <summary>
        /// Without those that another proxy's Service has an address of: kube-proxy drops after that proxy has translated, we come before it.
        /// </summary>
        private ValueList<SourceRange> CidrsOf(ClusterSnapshot snapshot) => options.RefuseUnknownPorts
            ? snapshot.ServiceCidrs.Where(c => options.Families.Contains(c.Prefix.Family) && !foreign.Exists(c.Contains)).Distinct().Order().ToValueList()
            : [];

        /// <summary>A frontend that changed hands changes Services that did not change themselves.</summary>
        private void AddAffected(CompiledSource[] sources)
        {
            if (claims.Affected.Count == 0) return;
            foreach (var source in sources)
            {
                if (claims.Affected.Contains(source.Entry.Name)) changed.TryAdd(source.Entry.Name, source.Wanted);
            }
        }
    }
}
