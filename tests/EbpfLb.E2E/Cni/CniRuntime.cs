using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Cni;

/// <summary>
/// Makes pods as a container runtime does: it calls the plugins of a network one after the other (CNI specification 1.0.0, sections 3 and
/// 4). They run in the node's network namespace, and what they keep on disk is in a directory that goes with this.
/// </summary>
internal sealed class CniRuntime(CniNetwork network) : IDisposable
{
    private readonly DirectoryInfo state = Directory.CreateTempSubdirectory("ebpflb-cni-");
    private readonly Dictionary<string, Attachment> attachments = [];

    /// <summary>What Debian's package has in /usr/lib/cni; tools/install-deps.sh unpacks it.</summary>
    private static string Plugins { get; } = Path.Combine(RepositoryPaths.Root, "build", "tools", "others", "usr", "lib", "cni");

    /// <summary>Makes a pod with eth0 and an address of each family.</summary>
    /// <exception cref="InvalidOperationException">A plugin failed; the message has what it said.</exception>
    public PodNetns Add(NodeNetns node, string name, params IReadOnlyList<HostPort> ports)
    {
        var (netns, place) = node.AddSandbox(name);
        var attachment = new Attachment(node, netns, place, ports, []);
        attachments[netns] = attachment;
        Call(attachment, "ADD", CniNetwork.Loopback, "lo");
        foreach (var plugin in network.Plugins)
        {
            var result = Call(attachment, "ADD", Configure(plugin, attachment), "eth0");
            attachment = attachment with { Result = JsonNode.Parse(result)!.AsObject() };
        }
        attachments[netns] = attachment;
        var addresses = attachment.Result["ips"]!.AsArray().Select(ip => IPAddress.Parse($"{ip!["address"]}".Split('/')[0])).ToList();
        return new PodNetns(name, netns, addresses.Single(a => a.AddressFamily == AddressFamily.InterNetwork),
            addresses.Single(a => a.AddressFamily == AddressFamily.InterNetworkV6), place);
    }

    /// <summary>
    /// Has the plugins look whether all that they made is there; but for portmap, which in 1.1.1 looks for its rules of IPv4 among those of
    /// IPv6, where there are none.
    /// </summary>
    /// <exception cref="InvalidOperationException">A plugin says that it is not.</exception>
    public void Check(PodNetns pod)
    {
        var attachment = attachments[pod.Netns];
        foreach (var plugin in network.Plugins.Where(p => $"{p["type"]}" != "portmap"))
            Call(attachment, "CHECK", Configure(plugin, attachment), "eth0");
    }

    /// <summary>Takes the pod away, its namespace with it; what ran there is to have ended.</summary>
    /// <exception cref="InvalidOperationException">A plugin failed; the message has what it said.</exception>
    public void Delete(PodNetns pod)
    {
        var attachment = attachments[pod.Netns];
        foreach (var plugin in network.Plugins.Reverse()) Call(attachment, "DEL", Configure(plugin, attachment), "eth0");
        Call(attachment, "DEL", CniNetwork.Loopback, "lo");
        attachment.Node.RemoveSandbox(pod.Netns);
        attachments.Remove(pod.Netns);
    }

    public void Dispose() => state.Delete(recursive: true);

    /// <summary>The plugin's part of the conflist with what the runtime adds to it.</summary>
    private JsonObject Configure(JsonObject plugin, Attachment attachment)
    {
        var json = plugin.DeepClone().AsObject();
        (json["cniVersion"], json["name"]) = (CniNetwork.Version, "pods");
        if (json["ipam"] is JsonObject ipam) ipam["dataDir"] = state.FullName;
        if (json["capabilities"] is not null)
            json["runtimeConfig"] = new JsonObject { ["portMappings"] = new JsonArray([.. attachment.Ports.Select(p => p.Json)]) };
        if (attachment.Result.Count > 0) json["prevResult"] = attachment.Result.DeepClone();
        return json;
    }

    private string Call(Attachment attachment, string command, JsonObject configuration, string device)
    {
        var (input, errors) = (Path.Combine(state.FullName, "stdin"), Path.Combine(state.FullName, "stderr"));
        File.WriteAllText(input, configuration.ToJsonString());
        using var plugin = ChildProcess.Start(attachment.Node.Place,
            ["sh", "-c", "exec \"$1\" <\"$2\" 2>\"$3\"", "sh", Path.Combine(Plugins, $"{configuration["type"]}"), input, errors],
            new Dictionary<string, string>
            {
                ["CNI_COMMAND"] = command, ["CNI_CONTAINERID"] = attachment.Netns, ["CNI_NETNS"] = attachment.Place.NetnsPath!,
                ["CNI_IFNAME"] = device, ["CNI_PATH"] = Plugins, ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            });
        if (plugin.WaitForExit() == 0) return plugin.Output;
        throw new InvalidOperationException($"{command} of {configuration.ToJsonString()}: {plugin.Output}{File.ReadAllText(errors)}");
    }

    /// <param name="Result">Of the last plugin; without members: none was called yet.</param>
    private sealed record Attachment(
        NodeNetns Node, string Netns, ProcessPlace Place, IReadOnlyList<HostPort> Ports, JsonObject Result);
}
