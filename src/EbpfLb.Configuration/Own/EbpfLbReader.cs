using EbpfLb.Configuration.Reading;
using EbpfLb.Model;
using EbpfLb.Yaml;

namespace EbpfLb.Configuration.Own;

/// <summary>Reads the document: an unknown field is an error.</summary>
internal static class EbpfLbReader
{
    private static readonly EbpfLbConfiguration Defaults = new();

    public static EbpfLbConfiguration Read(MapNode document, Findings findings)
    {
        var root = new FieldReader(document, "", findings, isStrict: true);
        root.Skip("apiVersion", "kind");
        var config = new EbpfLbConfiguration
        {
            Instance = root.TextOr("instance", Defaults.Instance),
            RunDir = root.TextOr("runDir", Defaults.RunDir),
            BpfFs = root.Text("bpffs"),
            AllowPrivateBpfFs = root.Flag("allowPrivateBpffs"),
            OwnerWait = root.Time("ownerWait", Defaults.OwnerWait),
            CgroupRoot = root.Text("cgroupRoot"),
            Manifests = root.Text("manifests"),
            ApiServers = root.Texts("apiServers"),
            ServeHealthz = root.Flag("serveHealthz", true),
            ServeMetrics = root.Flag("serveMetrics", true),
            ServiceMetrics = root.Int("serviceMetrics", 0),
            SyncPeriod = root.MaybeTime("syncPeriod"),
            MinSyncPeriod = root.MaybeTime("minSyncPeriod"),
            VerifyPeriod = root.Time("verifyPeriod", Defaults.VerifyPeriod),
            LogFormat = root.Text("logFormat"),
            Sizes = Sizes(root.Section("sizes")),
            Devices = Devices(root.Section("devices")),
            Flows = Flows(root.Section("flows")),
            SnatPorts = root.Text("snatPorts"),
            AnswerLimit = root.Text("answerLimit"),
            NodePortRange = root.TextOr("nodePortRange", Defaults.NodePortRange),
            AlwaysSnat = root.Flag("alwaysSnat"),
            HostSocketsOnly = root.Flag("hostSocketsOnly"),
            UnknownPorts = root.TextOr("unknownPorts", Defaults.UnknownPorts),
            ProtectNodePorts = root.Flag("protectNodePorts"),
            DropEvents = root.Flag("dropEvents", true),
            SetSysctls = root.Flag("setSysctls"),
            EndTcpOfRemovedEndpoints = root.Flag("endTcpOfRemovedEndpoints"),
        };
        root.Close();
        return config;
    }

    private static SizesSection Sizes(FieldReader section)
        => SizeRow.All.Aggregate(new SizesSection(), (sizes, row) => sizes.With(row.Size, section.MaybeInt(row.Size.Field())));

    private static DevicesSection Devices(FieldReader section) => new()
    {
        Uplinks = section.Texts("uplinks"),
        Exclude = section.Texts("exclude"),
        Pods = section.Texts("pods"),
        TcAttach = section.TextOr("tcAttach", Defaults.Devices.TcAttach),
    };

    private static FlowsSection Flows(FieldReader section) => new()
    {
        TcpHalfOpen = section.MaybeTime("tcpHalfOpen"),
        TcpEstablished = section.MaybeTime("tcpEstablished"),
        TcpClosing = section.MaybeTime("tcpClosing"),
        TcpClosed = section.MaybeTime("tcpClosed"),
        Udp = section.MaybeTime("udp"),
        UdpStream = section.MaybeTime("udpStream"),
        SweepCpuPercent = section.Number("sweepCpuPercent", Defaults.Flows.SweepCpuPercent),
    };
}
