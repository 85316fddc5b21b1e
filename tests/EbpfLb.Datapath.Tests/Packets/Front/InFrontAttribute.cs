namespace EbpfLb.Datapath.Tests.Packets.Front;

/// <summary>The tests of the class give packets that come in to XDP first.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class InFrontAttribute : Attribute;
