using System.Net;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Harness;

/// <summary>What every other test here relies on.</summary>
public sealed class TopologyTests : IDisposable
{
    private readonly NetnsTopology topology = NetnsTopology.Create();

    [Theory]
    [InlineData(LoadMode.Tcp, false)]
    [InlineData(LoadMode.Tcp, true)]
    [InlineData(LoadMode.Udp, false)]
    [InlineData(LoadMode.Udp, true)]
    [InlineData(LoadMode.UdpConnected, false)]
    [InlineData(LoadMode.UdpShared, true)]
    public void Pods_reach_one_another(LoadMode mode, bool ipv6)
    {
        var node = topology.AddNode();
        var (client, server) = (node.AddPod("client"), node.AddPod("server"));
        using var serving = PodServer.Start(server.Place, "web", "8080", "8080");
        using var probe = NetProbe.Start(client.Place);
        var address = ipv6 ? server.IPv6 : server.IPv4;

        var report = probe.Load(mode, new IPEndPoint(address, 8080).ToString(), 20);

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(20, report.By("web"));
    }

    [Fact]
    public void An_IPv6_socket_reaches_an_IPv4_pod_by_its_mapped_address()
    {
        var node = topology.AddNode();
        var (client, server) = (node.AddPod("client"), node.AddPod("server"));
        using var serving = PodServer.Start(server.Place, "web", "8080", "8080");
        using var probe = NetProbe.Start(client.Place);

        var socket = probe.Open("tcp", $"{server.IPv4}:8080", "mapped=1");

        Assert.True(socket.Connect($"{server.IPv4}:8080").Ok);
        Assert.Equal($"[::ffff:{server.IPv4}]:8080", socket.Peer);
        Assert.StartsWith($"[::ffff:{client.IPv4}]:", socket.Local, StringComparison.Ordinal);
    }

    [Fact]
    public void The_node_reaches_its_pods_with_its_own_address()
    {
        var node = topology.AddNode();
        var server = node.AddPod("server");
        using var serving = PodServer.Start(server.Place, "web", "8080", "8080");
        using var probe = NetProbe.Start(node.Place);

        foreach (var (pod, own) in new[] { (server.IPv4, node.IPv4), (server.IPv6, node.IPv6) })
        {
            var to = new IPEndPoint(pod, 8080).ToString();
            var socket = probe.Open("tcp", to);
            Assert.True(socket.Connect(to).Ok);
            Assert.Equal(own, IPEndPoint.Parse(socket.Local).Address);
            Assert.Equal("web", socket.Request()["name"]);
        }
    }

    [Theory]
    [InlineData("192.0.2.1:80")]
    [InlineData("10.96.0.10:80")]
    [InlineData("[2001:db8::1]:80")]
    public void Nothing_leads_out_of_a_node(string destination)
    {
        var client = topology.AddNode().AddPod("client");
        using var probe = NetProbe.Start(client.Place);

        var answer = probe.Open("tcp", destination).Connect(destination);

        Assert.Contains(answer.Errno, (string[])["ENETUNREACH", "EHOSTUNREACH"]);
    }

    [Fact]
    public void Nodes_use_the_same_kernel_but_do_not_reach_each_others_pods()
    {
        var (first, second) = (topology.AddNode("one"), topology.AddNode("two"));
        var (client, server) = (first.AddPod("client"), second.AddPod("server"));
        using var serving = PodServer.Start(server.Place, "web", "8080", "8080");
        using var probe = NetProbe.Start(client.Place);

        var answer = probe.Open("tcp", $"{server.IPv4}:8080").Connect($"{server.IPv4}:8080");

        Assert.False(answer.Ok, answer.Line);
    }

    [Fact]
    public void A_process_runs_in_the_namespace_and_the_cgroup_of_its_pod()
    {
        var node = topology.AddNode();
        var pod = node.AddPod("client");

        var (code, output) = ChildProcess.Run(pod.Place, "/bin/sh", "-c",
            "readlink /proc/self/ns/net; stat -Lc 'net:[%i]' /run/netns/" + pod.Netns + "; grep ^0:: /proc/self/cgroup");

        Assert.Equal(0, code);
        var lines = output.Split('\n');
        Assert.Equal(lines[1], lines[0]);
        Assert.EndsWith($"/{topology.Prefix}-node/pod-client", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_the_test_process_listens_inside_a_node()
    {
        var node = topology.AddNode();
        using var listener = NetnsListener.Listen(NetnsTopologyPath(node), new IPEndPoint(node.IPv4, 6443));
        using var http = NetnsListener.HttpClient(NetnsTopologyPath(node));

        var request = http.GetStringAsync(new Uri($"http://{node.IPv4}:6443/"), TestContext.Current.CancellationToken);
        using (var connection = await listener.AcceptAsync(TestContext.Current.CancellationToken))
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"u8.ToArray());

        Assert.Equal("hi", await request);
    }

    [Fact]
    public async Task An_API_server_of_the_test_process_listens_inside_a_node_goes_and_comes_back()
    {
        var netns = topology.AddNode().Place.NetnsPath!;
        await using var api = await FakeApiServer.StartAsync(new FakeApiServerOptions { Netns = netns });
        using var http = NetnsListener.HttpClient(netns);
        var services = new Uri(api.Url, "/api/v1/services");
        using (var list = await http.GetAsync(services, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.OK, list.StatusCode);

        await api.StopAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(services, TestContext.Current.CancellationToken));
        await api.StartAgainAsync();

        using var again = await http.GetAsync(services, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public void Held_connections_answer_until_their_server_is_killed()
    {
        var node = topology.AddNode();
        var (client, server) = (node.AddPod("client"), node.AddPod("server"));
        using var probe = NetProbe.Start(client.Place);
        using (PodServer.Start(server.Place, "web", "8080", "8080"))
        {
            probe.Do($"hold id=crowd to={server.IPv4}:8080 count=50");
            Assert.Equal(50, probe.Do("exchange id=crowd").Number("answered"));
        }

        Assert.Equal(50, probe.Ask("exchange id=crowd").Number("failed"));
    }

    [Fact]
    public void Disposing_a_topology_ends_its_processes_and_removes_its_names()
    {
        var node = topology.AddNode();
        var pod = node.AddPod("client");
        var process = ChildProcess.Start(pod.Place, ["sleep", "1000"]);

        topology.Dispose();

        Assert.NotEqual(0, process.WaitForExit());
        Assert.False(Directory.Exists(node.Cgroup.Path));
        Assert.False(File.Exists($"/run/netns/{pod.Netns}"));
        Assert.False(File.Exists($"/run/netns/{node.Netns}"));
    }

    [Fact]
    public void What_a_killed_test_process_left_is_removed_by_the_next_and_nothing_else()
    {
        using var gone = ChildProcess.Start(new ProcessPlace(null, null), ["true"]);
        gone.WaitForExit();
        var (dead, alive) = ($"elb{gone.Id}-0000-node", topology.AddNode());
        using var cgroup = CgroupScope.Create(dead);
        using var left = ChildProcess.Start(new ProcessPlace(null, cgroup.Child("pod").Path), ["sleep", "1000"]);
        Assert.Equal(0, ChildProcess.Run(new ProcessPlace(null, null), RepositoryPaths.Tool("ip"), "netns", "add", dead).ExitCode);

        using var next = NetnsTopology.Create();

        Assert.NotEqual(0, left.WaitForExit());
        Assert.False(File.Exists($"/run/netns/{dead}"));
        Assert.False(Directory.Exists(cgroup.Path));
        Assert.True(File.Exists($"/run/netns/{alive.Netns}"));
        Assert.True(Directory.Exists(alive.Cgroup.Path));
    }

    public void Dispose() => topology.Dispose();

    private static string NetnsTopologyPath(NodeNetns node) => node.Place.NetnsPath!;
}
