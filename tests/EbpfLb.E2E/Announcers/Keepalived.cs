using System.Globalization;
using System.Text.RegularExpressions;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Announcers;

/// <summary>
/// keepalived on a node, which has the load balancer addresses of a Service there while no node of a higher priority says that it has
/// them: one VRRP instance a family, both in one group.
/// </summary>
internal sealed partial class Keepalived : IDisposable
{
    private readonly ClusterNode node;
    private readonly ClusterNode other;
    private readonly OutsideService service;
    private readonly string mode;
    private readonly PrivateRoot root;
    private ChildProcess daemon = null!;

    /// <param name="mode">"unicast"; "multicast"; "vmac": by multicast, from macvlan devices with link addresses of VRRP.</param>
    public Keepalived(ClusterNode node, ClusterNode other, OutsideService service, string mode, int priority)
    {
        (this.node, this.other, this.service, this.mode) = (node, other, service, mode);
        root = PrivateRoot.Start(node.Netns.Place);
        try
        {
            // Its statistics go to /tmp.
            root.Run("mount", "-t", "tmpfs", "none", "/tmp");
            root.Write("/etc/keepalived/keepalived.conf", Configuration(priority));
            Start();
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    /// <summary>The node's devices have the addresses of both families.</summary>
    public bool HasAddresses
    {
        get
        {
            var (_, text) = ChildProcess.Run(node.Netns.Place, RepositoryPaths.Tool("ip"), "-o", "addr", "show");
            return service.Manifest.LoadBalancerIPs.All(a => text.Contains($" {a}/", StringComparison.Ordinal));
        }
    }

    /// <summary>How often it took the addresses since it was started last.</summary>
    public int TimesMaster => MasterLine().Count(daemon.Output);

    public string Log => daemon.Output;

    public void Start() => daemon = root.StartDaemon("keepalived", "--dont-fork", "--log-console", "--log-detail", "--vrrp",
        "--use-file", "/etc/keepalived/keepalived.conf", "--pid", "/run/keepalived.pid", "--vrrp_pid", "/run/vrrp.pid");

    /// <summary>Ends it by its process id: it takes its addresses away and says that it goes.</summary>
    public void Terminate()
    {
        root.Run("sh", "-c", "kill $(cat /run/keepalived.pid)");
        daemon.WaitForExit();
    }

    /// <summary>It dies with its child, so the addresses stay, and no packet says that it goes.</summary>
    public void Kill()
    {
        root.Run("sh", "-c", "kill -9 $(cat /run/keepalived.pid) $(cat /run/vrrp.pid); rm /run/keepalived.pid /run/vrrp.pid");
        daemon.WaitForExit();
    }

    /// <summary>VRRP packets that it has received, over both families.</summary>
    public int Received()
    {
        root.Run("sh", "-c", "rm -f /tmp/keepalived.stats; kill -USR2 $(cat /run/vrrp.pid)");
        var text = Eventually.Get(() => root.Try("cat", "/tmp/keepalived.stats").Output,
            t => ReceivedLine().Count(t) == 2, $"statistics of keepalived. It says: {Log}");
        return ReceivedLine().Matches(text).Sum(m => int.Parse(m.Groups["count"].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>It said by ARP and neighbour advertisements where the addresses are, since it took them this many times.</summary>
    public bool HasTold(int times) => TimesMaster >= 2 * times && service.Manifest.LoadBalancerIPs.All(a =>
        daemon.Output[daemon.Output.LastIndexOf("Entering MASTER STATE", StringComparison.Ordinal)..].Split('\n')
            .Any(l => l.Contains("Sending ", StringComparison.Ordinal) && l.Contains($"for {a}", StringComparison.Ordinal)));

    public void Dispose() => root.Dispose();

    private string Configuration(int priority) => $$"""
        global_defs {
          router_id {{node.Name}}
          vrrp_version 3
        }
        vrrp_sync_group both {
          group { v4
            v6 }
        }
        {{Instance(Family.IPv4, priority)}}
        {{Instance(Family.IPv6, priority)}}
        """;

    private string Instance(Family family, int priority)
    {
        var (name, id, index) = family == Family.IPv4 ? ("v4", 51, 0) : ("v6", 61, 1);
        var how = mode switch
        {
            "unicast" => $"unicast_src_ip {node.Address(family)}\n  unicast_peer {{\n    {other.Address(family)}\n  }}",
            "vmac" => $"use_vmac vrrp.{id}",
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $$"""
            vrrp_instance {{name}} {
              state BACKUP
              interface eth0
              {{how}}
              virtual_router_id {{id}}
              priority {{priority}}
              advert_int 1
              virtual_ipaddress {
                {{service.Manifest.LoadBalancerIPs[index]}}/{{(family == Family.IPv6 ? 128 : 32)}}
              }
            }
            """);
    }

    [GeneratedRegex("Entering MASTER STATE", RegexOptions.None, 10_000)]
    private static partial Regex MasterLine();

    [GeneratedRegex(@"Advertisements:\s+Received: (?<count>[0-9]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ReceivedLine();
}
