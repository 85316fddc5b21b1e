using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>The help, followed by examples and the exit codes.</summary>
internal sealed class HelpExamples(HelpAction help, Terminal terminal) : SynchronousCommandLineAction
{
    internal static readonly IReadOnlyDictionary<string, string[]> Examples = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["run"] =
        [
            "ebpflb run --manifests /etc/ebpflb/manifests     a load balancer without a cluster",
            "ebpflb run --config /var/lib/kube-proxy/config.conf     with the configuration of kube-proxy",
            "ebpflb run --kubeconfig /var/lib/kube-proxy/kubeconfig     as kube-proxy may (system:node-proxier)",
            "ebpflb run --api-server https://10.0.0.1:6443 --api-server https://10.0.0.2:6443     in a pod",
            "ebpflb run --manifests lab.yaml --instance lab --cgroup-root "
                + "/sys/fs/cgroup/lab --healthz-bind-address \"\" --metrics-bind-address \"\"",
        ],
        ["config"] =
        [
            "ebpflb config check /var/lib/kube-proxy/config.conf",
            "ebpflb config show",
            "ebpflb config defaults ebpflb",
        ],
        ["check"] = ["ebpflb config check /var/lib/kube-proxy/config.conf",
            "kubectl get configmap kube-proxy -n kube-system -o yaml > cm.yaml; ebpflb config check cm.yaml"],
        ["show"] = ["ebpflb config show     what the running instance has in force", "ebpflb config show config.yaml -o json"],
        ["defaults"] = ["ebpflb config defaults", "ebpflb config defaults kube-proxy"],
        ["status"] = ["ebpflb status", "ebpflb status --watch", "ebpflb status --wait 2m", "ebpflb status -o json | jq .notReady"],
        ["services"] =
        [
            "ebpflb services",
            "ebpflb services --sort open -w --interval 5s",
            "ebpflb services -n default -o name",
            "ebpflb services -o json | jq '.services[] | select(any(.frontends[]; .backends == 0)) | .service'",
        ],
        ["backends"] = ["ebpflb backends", "ebpflb backends default/web", "ebpflb backends --sort connections -o wide --no-headers"],
        ["conntrack"] =
        [
            "ebpflb conntrack count",
            "ebpflb conntrack list --service default/web --phase open",
            "ebpflb conntrack flush --backend 10.244.1.7",
        ],
        ["list"] =
        [
            "ebpflb conntrack list --client 192.0.2.0/24 --idle 10m",
            "ebpflb conntrack list --frontend :443 --protocol tcp",
            "ebpflb conntrack list --service default/web:http -o json | jq '.flows[] | select(.snat)'",
        ],
        ["count"] = ["ebpflb conntrack count", "ebpflb conntrack count --service default/web"],
        ["flush"] =
        [
            "ebpflb conntrack flush --backend 10.244.1.7     nothing goes to that pod any more",
            "ebpflb conntrack flush --protocol udp --service kube-system/kube-dns",
            "ebpflb conntrack flush --all",
        ],
        ["drain"] =
        [
            "ebpflb drain 10.244.1.7 --for 30m     no new connection of this node goes to that pod, for half an hour",
            "ebpflb drain [fd00:10:244::7]:8080 --service default/web",
            "ebpflb drain     what is drained",
        ],
        ["undrain"] = ["ebpflb undrain 10.244.1.7", "ebpflb undrain --all"],
        ["drops"] =
        [
            "ebpflb drops",
            "ebpflb drops --since 10m --reason drop_ct_full",
            "ebpflb drops -f",
            "ebpflb drops -f -o json | jq -r .source",
        ],
        ["monitor"] =
        [
            "ebpflb monitor",
            "ebpflb monitor --service default/web --reason drop_ct_full",
            "ebpflb monitor --address 192.0.2.0/24 -o json",
            "ebpflb monitor --type trace --service default/web",
        ],
        ["history"] =
        [
            "ebpflb history --since 10m",
            "ebpflb history --service default/web -o wide",
            "ebpflb history --follow -o json | jq 'select(.programmed | not)'",
        ],
        ["explain"] =
        [
            "ebpflb explain --from 10.244.1.7 --to 10.96.0.10:53/UDP",
            "ebpflb explain --manifests cluster.json --node-name node-1 "
                + "--cluster-cidr 10.244.0.0/16 --from 203.0.113.2 --to 192.0.2.11:30080",
            "kubectl get services,endpointslices,nodes -A -o json >cluster.json; ebpflb explain "
                + "--manifests cluster.json --node-name node-1 --flows flows.jsonl -o json",
        ],
        ["top"] =
        [
            "ebpflb top",
            "ebpflb top --sort open -n 10 --interval 5s",
            "ebpflb top --once -o json | jq '.services[] | select(.refusedRate > 0)'",
        ],
        ["doctor"] =
        [
            "ebpflb doctor",
            "ebpflb doctor --config /etc/ebpflb/config.yaml     before an agent runs",
            "ebpflb doctor -o json | jq '.checks[] | select(.state == \"problem\")'",
        ],
        ["sysdump"] = ["ebpflb sysdump", "ebpflb sysdump --file /tmp/node-1.tar.gz"],
        ["verify"] = ["ebpflb verify", "ebpflb verify --dry-run -o json | jq '.differences[]'"],
        ["migrate"] = ["ebpflb migrate plan", "ebpflb migrate run", "ebpflb migrate rollback"],
        ["plan"] = ["ebpflb migrate plan", "ebpflb migrate plan -o json | jq .stops"],
        ["migrate run"] = ["ebpflb migrate plan && ebpflb migrate run"],
        ["rollback"] = ["ebpflb migrate rollback"],
        ["cleanup"] = ["ebpflb cleanup", "ebpflb cleanup --all-instances --force"],
        ["version"] = ["ebpflb version"],
        ["completion"] =
        [
            "source <(ebpflb completion bash)",
            "ebpflb completion zsh >/usr/local/share/zsh/site-functions/_ebpflb",
            "ebpflb completion fish >~/.config/fish/completions/ebpflb.fish",
        ],
    };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        var output = terminal.Out;
        output.WriteLine("Examples:");
        // "run" is a command, and one of migrate's.
        var parent = (parseResult.CommandResult.Parent as CommandResult)?.Command.Name;
        var lines = Examples.GetValueOrDefault($"{parent} {command.Name}") ?? Examples.GetValueOrDefault(command.Name)
            ?? [.. Examples.Where(e => command.Subcommands.Any(s => s.Name == e.Key)).Select(e => e.Value[0])];
        foreach (var line in lines) output.WriteLine($"  {line}");
        output.WriteLine();
        output.WriteLine(
            "Exit codes: 0 done (status: ready), 1 failed (verify: differences, doctor: problems), 2 wrong usage, 3 not ready or nothing "
                + "there.");
        return code;
    }
}
