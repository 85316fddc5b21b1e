using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Firewalls;

/// <summary>firewalld on a node, with a bus of its own.</summary>
internal sealed class Firewalld(PrivateRoot root)
{
    /// <summary>A system bus on which everybody may do everything: it is nobody else's.</summary>
    private const string Bus = """
        <busconfig>
          <type>system</type>
          <listen>unix:path=/run/dbus/system_bus_socket</listen>
          <auth>EXTERNAL</auth>
          <policy context="default">
            <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
            <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
            <allow receive_type="method_call"/><allow receive_type="method_return"/>
            <allow receive_type="error"/><allow receive_type="signal"/>
          </policy>
        </busconfig>
        """;

    /// <summary>Returns when its rules are in force.</summary>
    /// <param name="backend">"nftables", as it has it of its own, or "iptables".</param>
    public void Start(string backend = "nftables")
    {
        root.Run("sed", "-i", $"s/^FirewallBackend=.*/FirewallBackend={backend}/", "/etc/firewalld/firewalld.conf");
        root.Write("/run/dbus/bus.conf", Bus);
        root.StartDaemon("dbus-daemon", "--config-file=/run/dbus/bus.conf", "--nofork", "--nopidfile");
        Eventually.True(() => root.Try("test", "-S", "/run/dbus/system_bus_socket").ExitCode == 0, "the bus to be there");
        var daemon = root.StartDaemon("firewalld", "--nofork", "--nopid");
        Eventually.Get(() => daemon.HasExited ? $"ended: {daemon.Output}" : root.Try("firewall-cmd", "--state").Output.Trim(),
            state => state == "running", "firewalld to run");
    }

    public void Command(params IReadOnlyList<string> options) => root.Run(["firewall-cmd", .. options]);
}
