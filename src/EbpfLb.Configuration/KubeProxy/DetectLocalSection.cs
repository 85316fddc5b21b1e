namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`detectLocal`: what two of the modes need.</summary>
public sealed record DetectLocalSection(string BridgeInterface = "", string InterfaceNamePrefix = "");
