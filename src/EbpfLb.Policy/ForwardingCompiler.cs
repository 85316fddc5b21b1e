using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Policy.Compiler;
using EbpfLb.Policy.Conflicts;
using EbpfLb.Policy.Endpoints;
using EbpfLb.Policy.Frontends;

namespace EbpfLb.Policy;

/// <summary>Turns the state of the cluster into what this node does with it. Pure: the same input, the same table.</summary>
public static class ForwardingCompiler
{
    /// <summary>
    /// Compiles a snapshot. What did not change since <paramref name="previous"/> keeps its reference and costs nothing, whichever
    /// snapshot that was compiled from; when nothing changed at all, <paramref name="previous"/> itself is returned. Another zone or
    /// primary address of the own node compiles everything anew, and what does the same then keeps its reference.
    /// </summary>
    /// <param name="previous">The table compiled before, null at first.</param>
    /// <param name="network">Of this node; null: not known.</param>
    public static ForwardingTable Compile(
        ClusterSnapshot snapshot, PolicyOptions options, ForwardingTable? previous, NodeNetwork? network = null)
        => new Compilation(options, NodeFacts.Of(options, snapshot), network ?? NodeNetwork.None, previous ?? ForwardingTable.Empty)
            .Run(snapshot);

    internal static ServiceCompiler NewCompiler(PolicyOptions options, NodeFacts node, NodeNetwork network) => new(
        options,
        node,
        network,
        [new ClusterIpFrontends(network.Addresses), new LoadBalancerFrontends(), new ExternalIpFrontends(), new NodePortFrontends()],
        [new ClusterList(node), new LocalList(node)]);

    private sealed class Compilation(PolicyOptions options, NodeFacts node, NodeNetwork network, ForwardingTable previous)
    {
        private readonly ServiceCompiler compiler = NewCompiler(options, node, network);
        private readonly ClaimsUpdate claims = new(previous.State.Claims);
        private readonly bool sameRules = previous.State.Options is { } before && options.Equals(before with { Drains = options.Drains })
            && node.Equals(previous.State.Node)
            && network.UplinkSubnets == previous.State.Network.UplinkSubnets;

        /// <summary>Services by name whose outcome must be resolved again, with what they want; null when they are gone.</summary>
        private readonly Dictionary<ObjectName, CompiledService?> changed = [];

        private ImmutableDictionary<ObjectName, ValueList<IpAddress>> foreign = previous.State.Foreign;

        public ForwardingTable Run(ClusterSnapshot snapshot)
        {
            var differences = snapshot.Services.DifferencesFrom(previous.State.Sources);
            foreach (var (name, _, entry) in differences)
            {
                NoteForeign(name, entry?.Service);
                if (entry is null) Change(WantedOf(name), null, name);
                else if (sameRules) Compile(entry);
            }
            if (!sameRules)
            {
                foreach (var entry in snapshot.Services.Values) Compile(entry);
            }
            else
            {
                if (!network.Equals(previous.State.Network)) CompileMoved(snapshot);
                CompileDrained(snapshot);
            }
            if (!options.Equals(previous.State.Options)) Change(previous.Find(Canary.Name), Canary.Compile(options), Canary.Name);
            var cidrs = CidrsOf(snapshot);
            if (options.Equals(previous.State.Options) && sameRules && differences.Count == 0 && changed.Count == 0
                && cidrs == previous.ServiceCidrs) return previous;
            return Finish(snapshot, cidrs);
        }

        /// <summary>
        /// Services with an address that has come to a device of the node or has gone from it: what goes to a frontend there may be for
        /// the local stack, and an endpoint there is not on the wire.
        /// </summary>
        private void CompileMoved(ClusterSnapshot snapshot)
        {
            var moved = new HashSet<IpAddress>(network.Addresses);
            moved.SymmetricExceptWith(previous.State.Network.Addresses);
            foreach (var entry in snapshot.Services.Values)
            {
                if (entry.Service is { } service && HasMoved(service, entry.Slices)) Compile(entry);
            }

            bool HasMoved(Service service, ImmutableArray<EndpointSlice> slices)
            {
                if (service.ClusterIPs.Any(moved.Contains) || service.ExternalIPs.Any(moved.Contains)
                    || service.BalancerIPs.Any(moved.Contains)) return true;
                foreach (var slice in slices)
                {
                    foreach (ref readonly var endpoint in slice.Endpoints.AsSpan())
                        if (moved.Contains(endpoint.Address)) return true;
                }
                return false;
            }
        }

        /// <summary>Services with a backend whose drain has begun, changed or ended.</summary>
        private void CompileDrained(ClusterSnapshot snapshot)
        {
            var old = previous.State.Options?.Drains ?? [];
            if (old == options.Drains) return;
            var drains = options.Drains.Except(old).Concat(old.Except(options.Drains)).ToList();
            foreach (var entry in snapshot.Services.Values)
            {
                if (drains.Exists(d => DrainCheck.IsTouched(entry, d))) Compile(entry);
            }
        }

        private void Compile(ServiceEntry entry)
        {
            var old = WantedOf(entry.Name);
            var now = compiler.Compile(entry);
            if (!now.Equals(old)) Change(old, now, entry.Name);
        }

        /// <summary>What the Service wanted in the table before.</summary>
        private CompiledService? WantedOf(ObjectName name) => previous.State.Unresolved.Find(name) ?? previous.Find(name);

        private void Change(CompiledService? old, CompiledService? wanted, ObjectName name)
        {
            claims.Replace(old, wanted);
            changed[name] = wanted;
        }

        private void NoteForeign(ObjectName name, Service? service)
            => foreign = service is not null && service.Labels.HasFlag(ServiceLabels.ProxyName)
            ? foreign.SetItem(name, service.ClusterIPs)
            : foreign.Remove(name);

        private ForwardingTable Finish(ClusterSnapshot snapshot, ValueList<SourceRange> cidrs)
        {
            var newClaims = claims.ToClaims();
            AddAffected();
            var diagnostics = previous.State.Diagnostics.ToBuilder();
            var results = new Dictionary<ObjectName, CompiledService?>(changed.Count);
            var unresolved = previous.State.Unresolved;
            foreach (var (name, wanted) in changed)
            {
                var resolved = wanted is null ? null : ConflictResolver.Resolve(wanted, newClaims);
                if (resolved is null || resolved.Diagnostics.IsEmpty) diagnostics.Remove(name);
                else diagnostics[name] = resolved.Diagnostics;
                unresolved = wanted is null || wanted.Equals(resolved) ? unresolved.Remove(name) : unresolved.Set(name, wanted);
                results[name] = resolved is not null && previous.Find(name) is { } old && old.Equals(resolved) ? old : resolved;
            }
            var all = diagnostics.ToImmutable();
            var flat = ReferenceEquals(all, previous.State.Diagnostics)
                ? previous.Diagnostics
                : all.SelectMany(d => d.Value).ToImmutableArray();
            return new ForwardingTable(
                previous.ByName.With(results),
                new CompileState(options, node, network, snapshot.Services, unresolved, newClaims, foreign, all), flat, cidrs);
        }

        /// <summary>
        /// Without those that another proxy's Service has an address of: kube-proxy drops after that proxy has translated, we come before
        /// it.
        /// </summary>
        private ValueList<SourceRange> CidrsOf(ClusterSnapshot snapshot) => options.RefuseUnknownPorts
            ? snapshot.ServiceCidrs.Where(c => options.Families.Contains(c.Prefix.Family) && !IsForeign(c)).Distinct().Order().ToValueList()
            : [];

        private bool IsForeign(SourceRange cidr) => foreign.Any(f => f.Value.Any(cidr.Contains));

        /// <summary>A frontend that changed hands changes Services that did not change themselves.</summary>
        private void AddAffected()
        {
            foreach (var name in claims.Affected)
            {
                if (WantedOf(name) is { } wanted) changed.TryAdd(name, wanted);
            }
        }
    }
}
