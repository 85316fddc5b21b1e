namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>What a tc program may answer.</summary>
internal enum Verdict
{
    /// <summary>TC_ACT_UNSPEC: on through the stack, after other programs.</summary>
    Pass = -1,

    /// <summary>TC_ACT_SHOT.</summary>
    Drop = 2,

    /// <summary>TC_ACT_REDIRECT: out by a device, or in once more. A test run does not carry it out.</summary>
    Redirect = 7,
}
