//! Queries of bookings, and what each actor may see.

use super::Bookings;
use crate::{
    booking::{Booking, BookingFilter, BookingNumber, BookingStatus, BookingView},
    kernel::{Actor, Error, Id, Kind, Page, PageRequest, Result},
    store::Stored,
};

impl Bookings {
    /// A booking, for its parties and staff. To show it to a user, make a [`BookingView`] of it
    /// ([`view`](Self::view)).
    ///
    /// # Errors
    /// [`Error::NotFound`], also for a booking that this actor may not see.
    pub async fn get(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let actor = &self.engine.reader(actor).await?;
        self.visible(actor, id).await
    }

    /// A booking, if an actor whose access was checked may see it.
    pub(super) async fn visible(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let stored = self.engine.bookings.load(id).await?;
        stored
            .filter(|booking| booking.is_visible_to(actor))
            .ok_or_else(|| Error::not_found(Kind::Booking, id))
    }

    /// The same for a command: fails unless the actor is a party now.
    pub(super) async fn get_as_party(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let actor = &self.engine.reader(actor).await?;
        let booking = self.visible(actor, id).await?;
        booking.require_part(actor)?;
        Ok(booking)
    }

    /// A booking by its number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_by_number(&self, actor: &Actor, number: &BookingNumber) -> Result<Stored<Booking>> {
        let actor = &self.engine.reader(actor).await?;
        self.visible_by_number(actor, number).await
    }

    /// As [`visible`](Self::visible), by number.
    async fn visible_by_number(&self, actor: &Actor, number: &BookingNumber) -> Result<Stored<Booking>> {
        let stored = self.engine.bookings.find_by_number(number).await?;
        let visible = stored.filter(|booking| booking.is_visible_to(actor));
        visible.ok_or_else(|| Error::not_found(Kind::Booking, number))
    }

    /// The view of a booking for this actor. The technician sees address and phone from `accepted` on.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view(&self, actor: &Actor, id: Id<Booking>) -> Result<BookingView> {
        let actor = &self.engine.reader(actor).await?;
        let booking = self.visible(actor, id).await?;
        self.view_as(actor, &booking).await
    }

    /// The view for this actor of the booking with a number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view_by_number(&self, actor: &Actor, number: &BookingNumber) -> Result<BookingView> {
        let actor = &self.engine.reader(actor).await?;
        let booking = self.visible_by_number(actor, number).await?;
        self.view_as(actor, &booking).await
    }

    /// What an actor, as whom it reads, sees of a booking. The customer is loaded only where the view shows
    /// them.
    async fn view_as(&self, actor: &Actor, booking: &Stored<Booking>) -> Result<BookingView> {
        let customer = match BookingView::shows_contact(booking, actor) {
            true => self.engine.users.load(booking.customer).await?,
            false => None,
        };
        Ok(BookingView::new(booking, actor, customer.as_deref()))
    }

    /// The view for this actor of a booking as a command returned it, even if it has changed since.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view_of(&self, actor: &Actor, booking: &Stored<Booking>) -> Result<BookingView> {
        let actor = &self.engine.viewer(actor).await?;
        if !booking.is_visible_to(actor) {
            return Err(Error::not_found(Kind::Booking, booking.id));
        }
        self.view_as(actor, booking).await
    }

    /// The bookings of a filter that this actor may see, newest first: their own for customers, technicians
    /// and companies, all for staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a filter on another user; a violation of `cursor`.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>> {
        let actor = &self.engine.reader(actor).await?;
        self.list_as(actor, filter, page).await
    }

    /// The views of the same bookings for this actor, without the customers' contacts, which are shown only
    /// with a single booking.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_views(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<BookingView>> {
        let actor = &self.engine.reader(actor).await?;
        let found = self.list_as(actor, filter, page).await?;
        Ok(found.map(|booking| BookingView::new(&booking, actor, None)))
    }

    async fn list_as(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>> {
        require_own(actor, filter)?;
        Ok(self.engine.bookings.list_bookings(filter, &page.of_list("bookings")?).await?.of_list("bookings"))
    }

    /// The number of bookings of a filter in each status.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a filter on another user.
    pub async fn count_by_status(
        &self,
        actor: &Actor,
        filter: &BookingFilter,
    ) -> Result<Vec<(BookingStatus, u64)>> {
        let actor = &self.engine.reader(actor).await?;
        require_own(actor, filter)?;
        Ok(self.engine.bookings.count_by_status(filter).await?)
    }
}

fn require_own(actor: &Actor, filter: &BookingFilter) -> Result<()> {
    if actor.is_staff() || actor.is_any(&[filter.customer, filter.technician, filter.company]) {
        return Ok(());
    }
    Err(Error::forbidden(
        "the filter must name the actor as customer, technician or company; only staff can list other bookings",
    ))
}
