using EbpfLb.Agent.Firewall;
using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Rules of a firewall of the node that do something else beside EbpfLb than beside kube-proxy.</summary>
internal static class FirewallChecks
{
    private const string Forward = "firewall.forward", Input = "firewall.input", Guards = "firewall.services";

    public static IEnumerable<CheckResult> OfForward(DoctorFacts facts) => Judge(facts, Forward,
        (rules, around) => new HostFirewall(rules, around).Forward(), _ => "no rule drops new connections to pods of this node");

    public static IEnumerable<CheckResult> OfInput(DoctorFacts facts) => Judge(facts, Input,
        (rules, around) => new HostFirewall(rules, around).Input(), around => around.OwnPorts.Count == 0
            ? "no Service needs a port of the node itself" : $"no rule drops new connections to {string.Join(", ", around.OwnPorts.Keys)}");

    public static IEnumerable<CheckResult> OfGuards(DoctorFacts facts) => Judge(facts, Guards,
        (rules, around) => [.. GuardRules.Find(rules, around).Select(f => new FirewallFinding(
            $"{f}: the programs at devices come before it, so it does not see what they serve", GuardRemedy, true))],
        _ => "no rule before the translation is about NodePorts or addresses of Services");

    public const string GuardRemedy = "say who may come in the Services' loadBalancerSourceRanges, and where NodePorts answer by "
        + "nodePortAddresses; or filter before this node";

    private static List<CheckResult> Judge(
        DoctorFacts facts, string check, Func<NetfilterRules, FirewallSurroundings, IReadOnlyList<FirewallFinding>> judge,
        Func<FirewallSurroundings, string> ok)
    {
        if (facts.NetworkHint is { } hint) return [CheckResult.NotKnown(check, "the agent's rules are not seen from here", hint)];
        List<string> unread = [];
        var rules = HostFirewall.Read(withoutKubeProxy: false, unread);
        List<CheckResult> results =
        [
            .. judge(rules, facts.Surroundings).Select(f => f.IsSure ? CheckResult.Warning(check, f.Finding, f.Remedy)
                : CheckResult.NotKnown(check, f.Finding, f.Remedy)),
            .. unread.Select(u => CheckResult.NotKnown(check, u, "look with `iptables-legacy-save` and `ip6tables-legacy-save`")),
        ];
        return results.Count > 0 ? results : [CheckResult.Ok(check, ok(facts.Surroundings))];
    }
}
