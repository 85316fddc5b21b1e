using System.Text.Json.Nodes;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Writing;

/// <summary>An EbpfLbConfiguration as JSON.</summary>
internal static class EbpfLbJson
{
    public static JsonObject Of(EbpfLbConfiguration config) => new()
    {
        ["apiVersion"] = EbpfLbConfiguration.ApiVersion,
        ["kind"] = EbpfLbConfiguration.Kind,
        ["instance"] = config.Instance,
        ["runDir"] = config.RunDir,
        ["bpffs"] = config.BpfFs,
        ["allowPrivateBpffs"] = config.AllowPrivateBpfFs,
        ["ownerWait"] = Time(config.OwnerWait),
        ["cgroupRoot"] = config.CgroupRoot,
        ["manifests"] = config.Manifests,
        ["apiServers"] = KubeProxyJson.Texts(config.ApiServers),
        ["serveHealthz"] = config.ServeHealthz,
        ["serveMetrics"] = config.ServeMetrics,
        ["serviceMetrics"] = config.ServiceMetrics,
        ["syncPeriod"] = Time(config.SyncPeriod),
        ["minSyncPeriod"] = Time(config.MinSyncPeriod),
        ["verifyPeriod"] = Time(config.VerifyPeriod),
        ["logFormat"] = config.LogFormat,
        ["devices"] = new JsonObject
        {
            ["uplinks"] = KubeProxyJson.Texts(config.Devices.Uplinks),
            ["exclude"] = KubeProxyJson.Texts(config.Devices.Exclude),
            ["pods"] = KubeProxyJson.Texts(config.Devices.Pods),
            ["tcAttach"] = config.Devices.TcAttach,
        },
        ["snatPorts"] = config.SnatPorts,
        ["answerLimit"] = config.AnswerLimit,
        ["nodePortRange"] = config.NodePortRange,
        ["alwaysSnat"] = config.AlwaysSnat,
        ["hostSocketsOnly"] = config.HostSocketsOnly,
        ["unknownPorts"] = config.UnknownPorts,
        ["protectNodePorts"] = config.ProtectNodePorts,
        ["dropEvents"] = config.DropEvents,
        ["setSysctls"] = config.SetSysctls,
        ["endTcpOfRemovedEndpoints"] = config.EndTcpOfRemovedEndpoints,
        ["flows"] = new JsonObject
        {
            ["tcpHalfOpen"] = Time(config.Flows.TcpHalfOpen),
            ["tcpEstablished"] = Time(config.Flows.TcpEstablished),
            ["tcpClosing"] = Time(config.Flows.TcpClosing),
            ["tcpClosed"] = Time(config.Flows.TcpClosed),
            ["udp"] = Time(config.Flows.Udp),
            ["udpStream"] = Time(config.Flows.UdpStream),
            ["sweepCpuPercent"] = config.Flows.SweepCpuPercent,
        },
        ["sizes"] = new JsonObject(SizeRow.All.Select(row => KeyValuePair.Create(row.Size.Field(), (JsonNode?)config.Sizes[row.Size]))),
    };

    private static string? Time(TimeSpan? time) => time is { } known ? DurationText.Format(known) : null;
}
