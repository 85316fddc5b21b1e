namespace EbpfLb.Datapath.Tests.Packets.Front;

/// <summary>The tests of the class give packets that come in to XDP first.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class InFrontAttribute : Attribute
{
    /// <summary>Frames come in with tags by one device, on which those of the lab are VLANs, and leave so.</summary>
    public bool IsTagged { get; set; }
}
