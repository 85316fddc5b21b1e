namespace EbpfLb.Agent.Affinity;

/// <summary>The part of the kernel side that remembers which client has which backend. From any thread.</summary>
internal interface IAffinityKernel
{
    /// <summary>Takes out what names backends that are gone; returns how many.</summary>
    int SweepAffinity();
}
