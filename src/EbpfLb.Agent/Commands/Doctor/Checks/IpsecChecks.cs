using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>
/// Policies of IPsec. bpf_redirect_neigh() looks for one as routing does, and drops what is blocked; it then sends to the neighbour itself,
/// past the output function that would encrypt (net/core/filter.c, bpf_out_neigh_v4).
/// </summary>
internal static class IpsecChecks
{
    private const string Policies = "ipsec.policies";

    public static IEnumerable<CheckResult> OfPolicies(DoctorFacts facts)
    {
        if (facts.NetworkHint is { } hint) return [CheckResult.NotKnown(Policies, "the agent's policies are not seen from here", hint)];
        try
        {
            using var reader = IpsecReader.Open();
            return [Judge([.. reader.ReadPolicies().Where(p => p.IsOut)])];
        }
        catch (NetlinkException e) when (e.Errno == NetlinkErrno.EPROTONOSUPPORT)
        {
            return [CheckResult.Ok(Policies, "the kernel has no IPsec")];
        }
    }

    /// <param name="found">Of direction out.</param>
    public static CheckResult Judge(IReadOnlyList<IpsecPolicy> found) => found.Count == 0
        ? CheckResult.Ok(Policies, "no policy of IPsec is for what leaves")
        : CheckResult.Warning(Policies,
            $"{found.Count} {(found.Count == 1 ? "policy" : "policies")} of IPsec for what leaves, such as {found[0]}: masqueraded packets "
                + "to backends of other nodes, and answers to their clients, are dropped where a policy blocks them, and else leave "
                + "unencrypted; what arrives encrypted for a NodePort may not be served",
            "encrypt by a device with a route (WireGuard, or IPsec with an xfrm or vti device)");
}
